import * as EngineHome from "@effect-qstash/contract/homes/EngineHome"
import { laws } from "@effect-qstash/contract/Laws"

laws({ name: "the engine", ...EngineHome })

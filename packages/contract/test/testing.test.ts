import * as TestingHome from "@effect-qstash/contract/homes/TestingHome"
import { laws } from "@effect-qstash/contract/Laws"

laws({ name: "in a test", ...TestingHome })

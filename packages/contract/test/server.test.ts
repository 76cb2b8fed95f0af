import * as ServerHome from "@effect-qstash/contract/homes/ServerHome"
import { laws } from "@effect-qstash/contract/Laws"

laws({ name: "the client against the server", ...ServerHome })

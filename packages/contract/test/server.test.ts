import * as ServerHome from "@effect-qstash/contract/homes/ServerHome"
import { laws } from "@effect-qstash/contract/SchedulesLaws"

laws({ name: "the client against the server", ...ServerHome })

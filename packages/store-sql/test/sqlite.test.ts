import * as StoreLaws from "@effect-qstash/engine/StoreLaws"
import { inMemory, storeIn } from "./support.ts"

StoreLaws.laws("SQLite", storeIn(inMemory), { runs: 50 })

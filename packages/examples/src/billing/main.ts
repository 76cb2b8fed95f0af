/**
 * The worker in production. It reads `PORT`, `HOST`, `JOBS_URL` (where QStash reaches it), `LEDGER` (a SQLite file) and
 * the variables of the QStash account. On SIGTERM it lets running handlers finish, then ends.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Layer from "effect/Layer"
import { WorkLive } from "./live.ts"
import { WorkerLive } from "./worker.ts"

WorkerLive.pipe(Layer.provide(WorkLive), Layer.launch, NodeRuntime.runMain)

import { type Fault, faultsOf } from "../internal/fault.ts"

const deploy = faultsOf("Jobs", "deploy")("jobs/src/Deploy.ts")

/** In what `jobs plan` and `jobs apply` ask for. */
export const faults: ReadonlyArray<Fault> = [
  deploy("deploy-active", "--create-paused creates active schedules", [
    "planned.isPaused ?? true",
    "planned.isPaused"
  ]),
  deploy("deploy-all-paused", "--create-paused pauses what the code declares as active", [
    "planned.isPaused ?? true",
    "planned.isPaused !== null"
  ]),
  deploy("deploy-shows-bodies", "the plan in JSON has the payloads in it", [
    "create: create.map(({ cron, scheduleId }) => ({ scheduleId, cron }))",
    "create"
  ]),
  deploy("deploy-prunes-always", "--no-prune deletes", [
    "Plan.apply(all, { prune })",
    "Plan.apply(all, { prune: prune || true })"
  ]),
  deploy("deploy-in-production", "--env is ignored", [
    "Worker.layer(worker)",
    "Worker.layer({ ...worker, environment: undefined })"
  ]),
  deploy("deploy-logs-in-output", "what a module logs is in the plan's output", [
    "stderr: true",
    "stderr: false"
  ]),
  deploy("deploy-half-a-plan", "an export that only looks like a plan is applied", [
    "Array.isArray(value[field])",
    "value[field] !== null"
  ]),
  deploy("deploy-when-unknown", "a rate limit does not say when it resets", [
    "return DateTime.isDateTime(value) ? [[name, DateTime.formatIso(value)] as const] : []",
    "return DateTime.isDateTime(value) ? [] : []"
  ]),
  deploy("deploy-errors-are-bugs", "an error of the plan reads like a bug", [
    "isExpected && Predicate",
    "!isExpected && Predicate"
  ]),
  deploy("deploy-many-lines", "a problem takes more than a line", [
    'message.replace(/^Error: /, "").split("\\n")',
    "[message]"
  ]),
  deploy("deploy-never-ends", "an interrupted command goes on", ["    { signal }\n", "    {}\n"])
]

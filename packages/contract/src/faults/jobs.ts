import { type Fault, faultsOf } from "../internal/fault.ts"

const inSemantics = faultsOf("Jobs", "semantics")
const inRun = faultsOf("Jobs", "run")
const inPlan = faultsOf("Jobs", "plan")
const inObservability = faultsOf("Jobs", "observability")
const inJobsTest = faultsOf("Jobs", "jobsTest")

const respond = inSemantics("jobs/src/internal/respond.ts")
const handle = inSemantics("jobs/src/internal/handle.ts")
const ledger = inSemantics("jobs/src/Ledger.ts")
const router = inSemantics("jobs/src/Jobs.ts")
const inputs = inSemantics("jobs/src/internal/inputs.ts")
const run = inRun("jobs/src/internal/run.ts")
const runInputs = inRun("jobs/src/internal/inputs.ts")
const job = inRun("jobs/src/Job.ts")
const schedule = inRun("jobs/src/JobSchedule.ts")
const plan = inPlan("jobs/src/Plan.ts")
const planInputs = inPlan("jobs/src/internal/inputs.ts")
const fingerprint = inPlan("jobs/src/internal/fingerprint.ts")

/** In the router of jobs, their runs and their plans. */
export const faults: ReadonlyArray<Fault> = [
  respond("job-unknown-given-up", "a message for a job that only the new version has is given up", [
    'verdict: "unknown job", status: 503',
    'verdict: "unknown job", status: 489'
  ]),
  respond("job-in-progress-done", "a second copy of a message in progress counts as done", [
    'verdict: "in progress", status: 503',
    'verdict: "in progress", status: 200'
  ]),
  respond("job-defect-explained", "the response to a defect says something about it", [
    'verdict: "died", status: 500, headers: {}, text: ""',
    'verdict: "died", status: 500, headers: {}, text: "died"'
  ]),
  respond("job-undecodable-retried", "a payload that cannot be decoded is delivered again", [
    'verdict: "undecodable",\n  status: 489',
    'verdict: "undecodable",\n  status: 500'
  ]),
  respond("job-give-up-unmarked", "a 489 comes without the header that makes QStash give up", [
    "headers: { ...json, ...notRetryable }",
    "headers: json"
  ]),
  respond("job-retry-after-lost", "the time of a retryAfter verdict is not sent", [
    "{ ...json, ...retryIn(Math.ceil(Duration.toSeconds(verdict.delay))) }",
    "json"
  ]),
  respond("job-result-lost", "the result of a handler is not sent", ["  text\n})", '  text: ""\n})']),
  handle("job-any-path", "a delivery to another URL runs the job", [
    "url: worker.url + suffix",
    "url: request.url"
  ]),
  handle("job-never-skipped", "a message that is too old runs", [
    "DateTime.toEpochMillis(time.value) > Duration.toMillis(limit)",
    "DateTime.toEpochMillis(time.value) > Infinity"
  ]),
  handle("job-message-forgotten", "a redelivery of a message runs it again", [
    "message: unsigned.messageId,",
    "message: undefined,"
  ]),
  handle("job-errors-are-defects", "a declared error responds like a defect", [
    "if (Option.isNone(encoded)) return Effect.die(error)",
    "if (Option.isSome(encoded)) return Effect.die(error)"
  ]),
  handle("job-outcome-of-each-attempt", "a failure that will be retried is reported as the final one", [
    "if (!isSuccess && dlqId === undefined) return undefined",
    "if (!isSuccess && dlqId !== undefined) return undefined"
  ]),
  handle("job-outcome-untyped", "a declared error reaches the outcome as GaveUp", [
    "job.codec.decodeError(text)",
    "Option.none()"
  ]),
  handle("job-outcome-always-fails", "every outcome is a failure", ["exit: !isSuccess", "exit: isSuccess"]),
  faultsOf("Jobs", "outcomes")("jobs/src/internal/handle.ts")(
    "job-skipped-though-done",
    "work that was done counts as skipped if QStash asks again too late",
    [
      "    const ledger = yield* Ledger\n    const keys = {\n      token: signed",
      "    if (tooOld !== undefined) return yield* respondTo(job, tooOld)\n    const ledger = yield* Ledger\n    const keys = {\n      token: signed"
    ]
  ),
  faultsOf("Jobs", "outcomes")("jobs/src/internal/handle.ts")(
    "job-outcome-repeated",
    "the outcome of a message comes again with each callback",
    ["message: `${outcome.right.messageId}/outcome`", "message: `${run.delivery.signed.tokenId}/outcome`"]
  ),
  faultsOf("Jobs", "outcomes")("jobs/src/internal/handle.ts")(
    "job-outcome-of-another",
    "in a URL group, the outcome of one job is reported as that of another",
    ["urlGroup === undefined ? job : jobs.get(routeOf(url).name)", "urlGroup === undefined ? job : job"]
  ),
  faultsOf("Jobs", "outcomes")("jobs/src/internal/inputs.ts")(
    "job-outcome-lost-in-group",
    "the outcome of a job in a URL group is reported only if it is the first one",
    [
      "receivers.find(({ hasOutcome }) => hasOutcome)",
      "receivers.slice(0, 1).find(({ hasOutcome }) => hasOutcome)"
    ]
  ),
  ledger("ledger-response-lost", "a repeat responds without the result", [
    "{ response: known.response, isRepeat: true }",
    '{ response: "", isRepeat: true }'
  ]),
  ledger("ledger-runs-twice", "two copies of a message run at once", [
    "if (known !== undefined) return Effect.fail(new WorkInProgress())",
    ""
  ]),
  ledger("ledger-keeps-failures", "after a failure a message never runs again", [
    "              forget(running)\n",
    ""
  ]),
  router("job-handlers-lost", "the handlers of all jobs are the first one", [
    "handler(input, run)",
    'erased<unknown, ErasedHandlers>(handlers)["digest"]?.(input, run) ?? handler(input, run)'
  ]),
  inputs("job-failure-unreported", "a message that fails for good is not reported", [
    "{ callback: outcome, failureCallback: outcome }",
    "{ callback: outcome }"
  ]),
  run("run-attempt-from-zero", "the first attempt is number 0", [
    "(delivery.unsigned.retried ?? 0) + 1",
    "(delivery.unsigned.retried ?? 0)"
  ]),
  run("run-not-rounded", "a run says when QStash made the message, not when it was due", [
    "cron.previous(instant)",
    "Option.some(DateTime.add(instant, { millis: 1 }))"
  ]),
  run("run-previous-is-same", "the firing before is the firing itself", [
    "cron?.previous(DateTime.toEpochMillis(at) - 1)",
    "cron?.previous(DateTime.toEpochMillis(at))"
  ]),
  run("run-key-lost", "a run does not know the key of its schedule", [
    "scheduleKey: header(request, headerNames.key)",
    "scheduleKey: undefined"
  ]),
  run("run-in-utc", "a run gives its firing in UTC", ['cron?.timeZone ?? "UTC"', '"UTC"']),
  runInputs("job-cron-lost", "a delivery does not carry its cron", [
    "[headerNames.cron]: cron.text",
    '"X-Cron": cron.text'
  ]),
  runInputs("job-key-unescaped", "a key with a blank cannot be published", [
    "encodeURIComponent(key)",
    "key"
  ]),
  job("enqueue-flow-control", "a message in a queue keeps the job's flow control", [
    "({ delay: _delay, flowControl: _flowControl, ...message })",
    "({ delay: _delay, ...message })"
  ]),
  schedule("backfill-twice", "a second backfill publishes the same firings again", [
    "return { ...message, deduplicationId }",
    "return { ...message, headers: { ...message.headers, id: deduplicationId } }"
  ]),
  schedule("backfill-beyond", "a backfill includes the end of its range", ["next < until", "next <= until"]),
  schedule("trigger-without-key", "a triggered run has no key", [
    "{ key: schedule.key, ...headers }",
    "headers"
  ]),
  job("publish-many-place-lost", "an error does not name the message of a batch", [
    'field: `[${index}].${error.field ?? "body"}`',
    'field: error.field ?? "body"'
  ]),
  plan("plan-owns-all", "an application deletes schedules that are not its own", [
    "labels.includes(owner)",
    "labels.length >= 0"
  ]),
  plan("plan-adopts", "a plan takes over foreign schedules without being told", [
    "foreign.length > 0 && !adopt",
    "foreign.length > 0 && adopt"
  ]),
  plan("plan-blind", "a change of the payload is not seen", [
    "wanted.input.labels.every(",
    "wanted.input.labels.some("
  ]),
  plan("plan-pause-lost", "a declared pause is not applied", [
    "QStashSchedules.upsert({ ...input, isPaused })",
    "QStashSchedules.upsert(input)"
  ]),
  plan("plan-prunes-always", "apply deletes without prune", ["if (options.prune) yield*", "yield*"]),
  plan("plan-keeps-endpoints", "a URL group keeps endpoints that are not declared", [
    "Arr.isNonEmptyReadonlyArray(remove)",
    "Arr.isEmptyReadonlyArray(remove) && Arr.isNonEmptyReadonlyArray(remove)"
  ]),
  plan("plan-active-previews", "createPaused creates active schedules", [
    "createPaused ? true : undefined",
    "createPaused ? undefined : undefined"
  ]),
  plan("plan-never-silent", "a cron that never fires is not reported", [
    'return ["never fires: no date matches its cron"]',
    "return []"
  ]),
  planInputs("environments-share-owner", "one environment deletes the schedules of another", [
    "`app:${inEnvironment(environment, app)}`",
    "`app:${environment === undefined ? app : app}`"
  ]),
  planInputs("environments-share-groups", "one environment takes over the URL groups of another", [
    "UrlGroupName.make(inEnvironment(environment, name))",
    "UrlGroupName.make(environment === undefined ? name : name)"
  ]),
  job("environments-share-keys", "one environment swallows the messages of another", [
    "deduplicationIdOf(inEnvironment(worker.environment, name), keyOf(payload))",
    "deduplicationIdOf(inEnvironment(undefined, name), keyOf(payload))"
  ]),
  fingerprint("fingerprint-without-body", "the fingerprint leaves the payload out", [
    "    hash.update(body)\n",
    ""
  ]),
  inObservability("jobs/src/internal/handle.ts")(
    "job-span-unlinked",
    "a handler's span does not link to the publisher's",
    ["links: linksOf(request)", "links: []"]
  ),
  inObservability("jobs/src/internal/metrics.ts")(
    "job-verdict-unmeasured",
    "deliveries are counted without their verdict",
    ["runsBy(known.verdict)", 'runsBy("done")']
  ),
  inObservability("jobs/src/Jobs.ts")(
    "job-handler-spans-elsewhere",
    "the spans of a handler are below the start of the worker, not below the job",
    ["Context.omit(Tracer.ParentSpan)", "Context.omit()"]
  ),
  inObservability("jobs/src/Jobs.ts")(
    "job-shutdown-silent",
    "an interrupted handler responds without Retry-After",
    ['verdict === "interrupted" ? yield* Effect.die(response) : response', "response"]
  ),
  inObservability("jobs/src/Job.ts")(
    "job-trace-always",
    "a message carries a trace though the worker turned it off",
    ["worker.propagateTrace ? yield* traceparent : undefined", "yield* traceparent"]
  ),
  inJobsTest("jobs/src/JobsTest.ts")("assert-idempotent-once", "assertIdempotent delivers only once", [
    "    yield* QStashTest.redeliver(messageId)\n",
    ""
  ])
]

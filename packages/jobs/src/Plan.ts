/**
 * What has to change so that QStash has exactly the schedules that an application declares: made, looked at, applied.
 *
 * @since 0.1.0
 */
import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import type { QStashError, QStashQuotaExceeded, ScheduleNotFound } from "@effect-qstash/domain/QStashError"
import type { QStashSchedule } from "@effect-qstash/domain/QStashSchedule"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { QStashUrlGroups } from "@effect-qstash/domain/QStashUrlGroups"
import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import type { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { fingerprint } from "./internal/fingerprint.ts"
import { groupNameOf, ownerLabel, scheduleOf, urlOf } from "./internal/inputs.ts"
import type * as Job from "./Job.ts"
import { Worker } from "./Worker.ts"

/**
 * A schedule that `apply` writes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Planned {
  readonly scheduleId: ScheduleId
  readonly cron: string
  readonly input: CreateSchedule.Input & {
    readonly scheduleId: ScheduleId
    readonly labels: ReadonlyArray<string>
  }
  /** `undefined` leaves the schedule as it is. */
  readonly isPaused: boolean | undefined
}

/**
 * A schedule that QStash has in another form.
 *
 * @since 0.1.0
 * @category models
 */
export interface Update extends Planned {
  /** What differs, in words: `cron: 0 4 * * * -> 0 5 * * *`. */
  readonly changes: ReadonlyArray<string>
  /** Whether nothing but the pause differs. */
  readonly isPauseOnly: boolean
}

/**
 * A URL group whose endpoints are not the declared ones.
 *
 * @since 0.1.0
 * @category models
 */
export interface UrlGroupChange {
  readonly name: UrlGroupName
  readonly add: ReadonlyArray<{ readonly url: string; readonly name: string }>
  readonly remove: ReadonlyArray<{ readonly url: string }>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Plan {
  /** The name of the application, with the environment in front of it if there is one. */
  readonly app: string
  readonly create: ReadonlyArray<Planned>
  readonly update: ReadonlyArray<Update>
  readonly keep: ReadonlyArray<ScheduleId>
  /** What the application owns and no longer declares. Only `apply` with `prune` deletes it. */
  readonly remove: ReadonlyArray<ScheduleId>
  readonly urlGroups: ReadonlyArray<UrlGroupChange>
  readonly warnings: ReadonlyArray<{ readonly scheduleId: ScheduleId; readonly text: string }>
}

/**
 * Schedules that the application declares exist already and belong to nobody or to another application. Plan with `adopt`
 * to take them over, or rename the jobs.
 *
 * @since 0.1.0
 * @category errors
 */
export class SchedulesNotOwned extends Schema.TaggedError<SchedulesNotOwned>()("SchedulesNotOwned", {
  scheduleIds: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `These schedules exist and do not belong to this application: ${this.scheduleIds.join(", ")}. Plan with adopt: true to take them over`
  }
}

/**
 * The application declares two schedules with the same id. Give each a key.
 *
 * @since 0.1.0
 * @category errors
 */
export class ScheduleDeclaredTwice extends Schema.TaggedError<ScheduleDeclaredTwice>()(
  "ScheduleDeclaredTwice",
  { scheduleId: Schema.String }
) {
  override get message(): string {
    return `Two schedules have the id ${JSON.stringify(this.scheduleId)}. Give each a key of its own`
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * Takes over schedules that exist under a declared id and do not belong to the application.
   *
   * @default false: the plan fails with `SchedulesNotOwned`
   */
  readonly adopt?: boolean | undefined
  /**
   * Creates new schedules paused, for an environment that should not run them by itself.
   *
   * @default false
   */
  readonly createPaused?: boolean | undefined
}

/** What {@link make} reads of an application's jobs. */
interface Application {
  readonly app: string
  readonly jobs: ReadonlyArray<Job.Any>
}

/**
 * Compares the schedules that an application declares with those that QStash has: those of the jobs themselves, and
 * `schedules`, which are made with a job's `schedule`. Changes nothing.
 *
 * A schedule belongs to the application by its label `app:<name>`. Others are never touched. What it says is compared by
 * the label `spec:<hash>`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  { app, jobs }: Application,
  schedules: ReadonlyArray<Job.Schedule> = [],
  { adopt = false, createPaused = false }: Options = {}
): Effect.Effect<
  Plan,
  SchedulesNotOwned | ScheduleDeclaredTwice | QStashError,
  QStashSchedules | QStashUrlGroups | Worker
> =>
  Effect.gen(function* () {
    const worker = yield* Worker
    const declared = [...Arr.filterMap(jobs, ({ scheduled }) => Option.fromNullable(scheduled)), ...schedules]
    const wanted = yield* Effect.forEach(declared, (schedule) => plannedOf(worker, app, schedule))
    const ids = new Set<ScheduleId>()
    for (const { scheduleId } of wanted) {
      if (ids.has(scheduleId)) return yield* new ScheduleDeclaredTwice({ scheduleId })
      ids.add(scheduleId)
    }

    const known = new Map(
      Arr.map(yield* (yield* QStashSchedules).list, (schedule) => [schedule.scheduleId, schedule])
    )
    const owner = ownerLabel(worker, app)
    const isOwned = ({ labels }: QStashSchedule) => labels.includes(owner)
    const foreign = wanted.filter(({ scheduleId }) => {
      const found = known.get(scheduleId)
      return found !== undefined && !isOwned(found)
    })
    if (foreign.length > 0 && !adopt) {
      return yield* new SchedulesNotOwned({ scheduleIds: foreign.map(({ scheduleId }) => scheduleId) })
    }

    const create: Array<Planned> = []
    const update: Array<Update> = []
    const keep: Array<ScheduleId> = []
    for (const one of wanted) {
      const found = known.get(one.scheduleId)
      if (found === undefined) {
        create.push({ ...one, isPaused: one.isPaused ?? (createPaused ? true : undefined) })
        continue
      }
      const changes = changesOf(found, one)
      if (changes.changes.length > 0) update.push({ ...one, ...changes })
      else keep.push(one.scheduleId)
    }
    const now = yield* DateTime.now
    return {
      app: owner.slice("app:".length),
      create,
      update,
      keep,
      remove: Array.from(known.values())
        .filter((schedule) => isOwned(schedule) && !ids.has(schedule.scheduleId))
        .map(({ scheduleId }) => scheduleId),
      urlGroups: yield* urlGroupChanges(worker, declared),
      warnings: Arr.zipWith(declared, wanted, (schedule, { scheduleId }) =>
        [...keyWarningsOf(schedule), ...cronWarningsOf(schedule.cron, now)].map((text) => ({
          scheduleId,
          text
        }))
      ).flat()
    }
  })

const plannedOf = (worker: Worker.Service, app: string, schedule: Job.Schedule) =>
  Effect.gen(function* () {
    const input = scheduleOf(worker, schedule, yield* schedule.body, app)
    const spec = `spec:${yield* fingerprint(input)}`
    return {
      scheduleId: input.scheduleId,
      cron: schedule.cron.text,
      input: { ...input, labels: [...input.labels, spec] },
      isPaused: schedule.isPaused
    }
  })

const changesOf = (found: QStashSchedule, wanted: Planned): Pick<Update, "changes" | "isPauseOnly"> => {
  const isSame = wanted.input.labels.every((label) => found.labels.includes(label))
  const { destination } = wanted.input
  const to =
    typeof destination === "object" && "urlGroup" in destination ? destination.urlGroup : String(destination)
  const from = typeof found.destination === "string" ? found.destination : found.destination.urlGroup
  const changes = isSame
    ? []
    : [
        ...(found.cron === wanted.cron ? [] : [`cron: ${found.cron} -> ${wanted.cron}`]),
        ...(from === to ? [] : [`destination: ${from} -> ${to}`])
      ]
  if (!isSame && changes.length === 0) changes.push("payload or settings")
  const pause =
    wanted.isPaused === undefined || wanted.isPaused === found.isPaused
      ? []
      : [wanted.isPaused ? "pause" : "resume"]
  return { changes: [...changes, ...pause], isPauseOnly: changes.length === 0 }
}

const urlGroupChanges = (worker: Worker.Service, declared: ReadonlyArray<Job.Schedule>) =>
  Effect.gen(function* () {
    const groups = new Map(
      declared.flatMap(({ to }) => (to === undefined ? [] : [[groupNameOf(worker, to.name), to.jobs]]))
    )
    if (groups.size === 0) return []
    const known = new Map(
      (yield* (yield* QStashUrlGroups).list).map((group) => [group.name, group.endpoints])
    )
    return Array.from(groups).flatMap(([name, jobs]): ReadonlyArray<UrlGroupChange> => {
      const endpoints = known.get(name) ?? []
      const wanted = jobs.map((job) => ({ url: urlOf(worker, job.name), name: job.name }))
      const add = wanted.filter(
        (one) => !endpoints.some((endpoint) => endpoint.url === one.url && endpoint.name === one.name)
      )
      const remove = endpoints
        .filter(({ url }) => !wanted.some((one) => one.url === url))
        .map(({ url }) => ({ url }))
      return add.length + remove.length === 0 ? [] : [{ name, add, remove }]
    })
  })

/** All firings have the same payload, and so the same key. */
const keyWarningsOf = ({ job, to }: Job.Schedule): ReadonlyArray<string> =>
  (to?.jobs ?? [job])
    .filter(({ keyOf }) => keyOf !== undefined)
    .map(
      ({ name }) =>
        `${name} has a key: a ledger takes each firing for a repeat of the one before, and skips it`
    )

/** What the year ahead has in store for a cron. */
const cronWarningsOf = (cron: Job.Schedule["cron"], now: DateTime.Utc): ReadonlyArray<string> => {
  if (Option.isNone(cron.next(now))) return ["never fires: no date matches its cron"]
  const changes = cron.clockChanges(now, DateTime.add(now, { years: 1 }))
  const texts = {
    skipped: "does not exist that day, so it does not fire",
    repeated: "comes twice that day, so it fires twice",
    missed: "is missed by QStash's cron around a change of the clocks"
  }
  return Arr.dedupeWith(changes, (a, b) => a.kind === b.kind && a.changeAt === b.changeAt).map(
    ({ kind, localTime }) => `${localTime.replace("T", " ")} ${cron.timeZone} ${texts[kind]}`
  )
}

/**
 * Whether QStash has everything as declared. What is no longer declared counts as a difference.
 *
 * @since 0.1.0
 * @category guards
 */
export const isEmpty = ({ create, remove, update, urlGroups }: Plan): boolean =>
  create.length + update.length + remove.length + urlGroups.length === 0

/**
 * Makes QStash have what the plan says. Repeating it is safe, and after a failure at any step a new plan finds what is
 * left to do. New endpoints of URL groups come first and schedules next; what is no longer wanted goes last.
 *
 * @since 0.1.0
 * @category combinators
 */
export const apply = (
  plan: Plan,
  options: {
    /** Deletes what the application no longer declares. Not at boot: an old instance would delete what a new one declared. */
    readonly prune: boolean
  }
): Effect.Effect<
  void,
  QStashQuotaExceeded | ScheduleNotFound | QStashError,
  QStashSchedules | QStashUrlGroups
> =>
  Effect.gen(function* () {
    const schedules = yield* QStashSchedules
    const groups = yield* QStashUrlGroups
    const each = { concurrency: 8, discard: true } as const
    yield* Effect.forEach(
      plan.urlGroups,
      ({ add, name }) => (Arr.isNonEmptyReadonlyArray(add) ? groups.upsertEndpoints(name, add) : Effect.void),
      each
    )
    yield* Effect.forEach([...plan.create, ...plan.update], (planned) => write(schedules, planned), each)
    if (options.prune) yield* Effect.forEach(plan.remove, QStashSchedules.deleteIfPresent, each)
    yield* Effect.forEach(
      plan.urlGroups,
      ({ name, remove }) =>
        Arr.isNonEmptyReadonlyArray(remove)
          ? Effect.catchTag(groups.removeEndpoints(name, remove), "UrlGroupNotFound", () => Effect.void)
          : Effect.void,
      each
    )
  })

const write = (schedules: QStashSchedules.Service, planned: Planned | Update) => {
  const { input, isPaused, scheduleId } = planned
  if ("isPauseOnly" in planned && planned.isPauseOnly) {
    return isPaused === true ? schedules.pause(scheduleId) : schedules.resume(scheduleId)
  }
  return QStashSchedules.upsert({ ...input, isPaused })
}

/**
 * Creates and updates what an application declares, and deletes nothing: for the start of a worker.
 *
 * @since 0.1.0
 * @category combinators
 */
export const ensure = (
  application: Application,
  schedules: ReadonlyArray<Job.Schedule> = [],
  options: Options = {}
): Effect.Effect<
  void,
  SchedulesNotOwned | ScheduleDeclaredTwice | QStashQuotaExceeded | ScheduleNotFound | QStashError,
  QStashSchedules | QStashUrlGroups | Worker
> => Effect.flatMap(make(application, schedules, options), (plan) => apply(plan, { prune: false }))

/**
 * The plan as text, one line for each change.
 *
 * @since 0.1.0
 * @category conversions
 */
export const render = (plan: Plan): string => {
  const { app, create, keep, remove, update, urlGroups, warnings } = plan
  const counts = [
    [create.length, "to create"],
    [update.length, "to update"],
    [remove.length, "to delete"],
    [urlGroups.length, "URL groups to change"],
    [keep.length, "unchanged"]
  ] as const
  const some = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  const rows: ReadonlyArray<readonly [sign: string, id: string, text: string]> = [
    ...create.map(({ cron, scheduleId }) => ["+", scheduleId, cron] as const),
    ...update.map(({ changes, scheduleId }) => ["~", scheduleId, changes.join(", ")] as const),
    ...remove.map((scheduleId) => ["-", scheduleId, ""] as const),
    ...urlGroups.map((group) => {
      const added = group.add.map(({ url }) => `+ ${url}`)
      const removed = group.remove.map(({ url }) => `- ${url}`)
      return ["~", group.name, [...added, ...removed].join(", ")] as const
    }),
    ...warnings.map(({ scheduleId, text }) => ["!", scheduleId, text] as const)
  ]
  const width = rows.reduce((most, [, id]) => Math.max(most, id.length), 0)
  return [
    `${app}: ${some.length === 0 ? "nothing declared" : some.join(", ")}`,
    ...rows.map(([sign, id, text]) => `${sign} ${id.padEnd(width)}  ${text}`.trimEnd())
  ].join("\n")
}

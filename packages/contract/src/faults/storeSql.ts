import { type Fault, faultsOf } from "../internal/fault.ts"

const inVerb = (verb: string) => faultsOf("Store", "sqlite")(`store-sql/src/internal/verbs/${verb}.ts`)
const inside = (file: string) => faultsOf("Store", "sqlite")(`store-sql/src/internal/${file}.ts`)

/** In the Store in a database, which the laws of a Store must catch on SQLite. */
export const faults: ReadonlyArray<Fault> = [
  inside("flush")("sql-queue-jumped", "a message of a queue starts before its turn", [
    "queue === undefined ? message.dueAt : null",
    "message.dueAt"
  ]),
  inside("flush")("sql-lag-drifts", "the lag of a queue never falls", [
    "filter(([, count]) => count !== 0)\n  return changed.length",
    "filter(([, count]) => count > 0)\n  return changed.length"
  ]),
  inside("places")("sql-pause-ignored", "a paused queue goes on", ["q.is_paused = 0 and q.id in", "q.id in"]),
  inside("places")("sql-place-never-left", "a queue stops after its first message", [
    "where open <= 0 and seq in",
    "where open < 0 and seq in"
  ]),
  inside("places")("sql-parallelism-not-lowered", "a lower parallelism lets one message more have its turn", [
    "admitted.slice(parallelism)",
    "admitted.slice(parallelism + 1)"
  ]),
  inside("places")("sql-out-of-turn", "the messages of a queue come in any order", [
    'order: "x.seq",',
    'order: "x.seq desc",'
  ]),
  inside("lanes")("sql-late-head", "a message that is due waits behind an older one that is not", [
    "order by x.wake_at, x.seq limit 1",
    "order by x.seq limit 1"
  ]),
  inside("leases")("sql-turn-lost", "a message of a queue is never tried again", [
    "when queue is null or is_canceled = 1\n        or exists (select 1 from qstash_places p where p.seq = qstash_messages.seq and p.is_admitted = 1)\n",
    "when queue is null or is_canceled = 1\n"
  ]),
  inside("cancels")("sql-cancel-forgotten", "a message that is cancelled under way is tried again", [
    "set is_canceled = 1",
    "set is_canceled = 0"
  ]),
  inside("slots")("sql-slot-too-many-tenant", "a tenant has one slot more than it may", [
    "?? 0) >= this.limits.perTenant) return false",
    "?? 0) > this.limits.perTenant) return false"
  ]),
  inside("slots")(
    "sql-slot-too-many-destination",
    "a destination gets one request more at once than it may",
    ["?? 0) >= this.limits.perDestination) return false", "?? 0) > this.limits.perDestination) return false"]
  ),
  inVerb("claimDueMessages")("sql-lease-without-time", "a message is leased again at once", [
    "this.request.now + this.request.leaseFor",
    "this.request.now"
  ]),
  inVerb("claimDueMessages")("sql-slot-not-freed", "a lease that is over keeps its slot", [
    "if (row.token !== undefined) slots.count(place, -1)",
    ""
  ]),
  inVerb("claimDueMessages")("sql-claim-unordered", "messages start in the order of their lanes", [
    "(one.wakeAt ?? 0) - (other.wakeAt ?? 0) || one.seq - other.seq",
    "0"
  ]),
  inVerb("claimDueMessages")("sql-starts-not-counted", "a rate is never used up", [
    "countStart(flow, this.request.now)",
    ""
  ]),
  inVerb("nextWake")("sql-ending-lease-missed", "nobody looks when a lease ends", [
    "[row?.ending, row?.waiting,",
    "[row?.waiting,"
  ]),
  inVerb("nextWake")("sql-window-missed", "nobody looks when the window of a rate is over", [
    "row?.unseen, row?.period]",
    "row?.unseen]"
  ]),
  inVerb("settle")("sql-settled-twice", "the second outcome of one lease counts too", [
    "leased.delete(settlement.token)",
    ""
  ]),
  inside("holdings")(
    "sql-deduplicated-too-long",
    "a message is recognised when the window is over",
    ["and until <= ${now}`", "and until < ${now}`"],
    ["known.until > now", "known.until >= now"]
  ),
  inside("bodies")("sql-letter-body-lost", "a dead letter is gone with its log", [
    "from qstash_letters l where l.message = qstash_bodies.seq",
    "from qstash_letters l where l.message = qstash_bodies.seq and 1 = 0"
  ]),
  inside("bodies")("sql-log-body-lost", "the log of a message is gone with its dead letter", [
    "from qstash_events e where e.message = qstash_bodies.seq",
    "from qstash_events e where e.message = qstash_bodies.seq and 1 = 0"
  ]),
  inVerb("prune")("sql-prune-too-late", "what is exactly too old stays, and so does what came before", [
    "intOf(row.at) >= before) break",
    "intOf(row.at) >= before - 1) break"
  ]),
  inVerb("prune")("sql-prune-one-more", "one entry more than allowed is kept", [
    "entries <= maxEntries",
    "entries <= maxEntries + 1"
  ]),
  inVerb("claimDueSchedules")("sql-paused-fires", "a paused schedule fires", ["if (isPaused) continue", ""]),
  inVerb("claimDueSchedules")(
    "sql-old-firing-shown",
    "a schedule shows the messages of firings before the last",
    [
      "delete from qstash_firings where schedule in",
      "delete from qstash_firings where schedule < 0 and schedule in"
    ]
  ),
  inside("Work")("sql-dead-letter-id-repeats", "two dead letters get one id when the clock goes back", [
    "Math.max(this.now, tenant.letterAt)",
    "this.now"
  ]),
  inside("Work")("sql-pending-drifts", "an account is full although its messages are done", [
    "row.tenant.messages -= 1",
    ""
  ]),
  inside("flows")("sql-busy-key-forgotten", "a key with pending messages loses its limits", [
    "where l.flow = qstash_flows.id\n",
    "where l.flow = qstash_flows.id and 1 = 0\n"
  ]),
  inside("pages")("sql-page-repeats", "a page begins with the last entry of the one before", [
    "m.n > ${from}",
    "m.n >= ${from}"
  ])
]

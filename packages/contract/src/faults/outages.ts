import { type Fault, faultsOf } from "../internal/fault.ts"

const inFile = faultsOf("QStashMessages", "outages")

const core = inFile("engine/src/internal/core.ts")
const outage = inFile("engine/src/internal/Outage.ts")
const time = inFile("engine/src/internal/VirtualTime.ts")

/** In what the engine does when its Store fails, and in how it renews leases. */
export const faults: ReadonlyArray<Fault> = [
  outage("outage-logged-again", "an outage is logged whenever the Store fails", [
    "if (this.#isDown) return Effect.void",
    ""
  ]),
  core("recovery-unnoticed", "the end of an outage is not noticed", [
    "if (outage.isDown) yield* outage.end()",
    ""
  ]),
  outage("no-backoff", "the engine tries again and again without waiting longer", [
    "firstBackoff * 2 ** this.#failures++",
    "firstBackoff"
  ]),
  core("outcome-dropped", "the outcome of a delivery is dropped when it cannot be settled", [
    "if (settlements.length === 0) return Effect.void",
    "if (settlements.length === 0) return Effect.void\n        for (const { token } of settlements) inFlight.delete(token)"
  ]),
  core("quick-outcome-dropped", "the outcome of a quick delivery is dropped when it cannot be settled", [
    "const settled = yield* store.settle({ settlements: unsettled, now, maxPendingBytes })",
    "const settlements = unsettled\n          unsettled = []\n          const settled = yield* store.settle({ settlements, now, maxPendingBytes })"
  ]),
  core("cause-told", "a caller reads what the database said", [
    'reason: "the server cannot reach its Store"',
    "reason: String(error.cause)"
  ]),
  core("failed-change-unseen", "the engine sleeps through a change whose response was lost", [
    "changed()\n          return Effect.zipRight(\n            outage.begin(error)",
    "return Effect.zipRight(\n            outage.begin(error)"
  ]),
  core("leases-not-renewed", "a lease ends while its delivery goes on", [
    "if (renewAt <= now)",
    "if (renewAt < 0)"
  ]),
  core("leases-dropped-without-keys", "a message is forgotten when the keys to sign it cannot be read", [
    "unstarted = [...unstarted, ...claimed.leases]\n        yield* report(claimed.events)",
    "const { leases } = claimed\n        unstarted = []\n        yield* report(claimed.events)\n        for (const { message } of leases) if (signers.get(message.tenantId) === undefined) yield* signers.load(message.tenantId)\n        unstarted = [...unstarted, ...leases]"
  ]),
  time("outage-ends-a-move", "a move of virtual time ends early when the Store fails", [
    "Effect.zipRight(restore(realClock.sleep(Duration.millis(wait))), loop)",
    "restore(realClock.sleep(Duration.millis(wait)))"
  ])
]

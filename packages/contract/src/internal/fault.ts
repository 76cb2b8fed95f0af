import type { Courier } from "@effect-qstash/engine/Courier"
import type { Signer } from "@effect-qstash/engine/Signer"
import type { Store } from "@effect-qstash/engine/Store"

interface Common {
  readonly id: string
  /** Relative to the `packages` directory. */
  readonly file: string
  /** What goes wrong, from a user's view. */
  readonly fault: string
  /** The service whose laws run. The others would take too long. */
  readonly service: Service
  /** The home to run, if the file does not decide it. */
  readonly home?: HomeFile
}

/** A change to the text of a source file. */
export interface TextFault extends Common {
  /** Text that the file contains exactly once, and its replacement. */
  readonly edits: ReadonlyArray<readonly [find: string, replace: string]>
}

/** Faulty methods in place of the correct ones, which they can use. */
type Change<Port> = (correct: Port) => Partial<Port>

/** A change to what a port does, whoever implements it. */
export interface PortFault extends Common {
  readonly changes: {
    readonly Store?: Change<Store.Service>
    readonly Courier?: Change<Courier.Service>
    readonly Signer?: Change<Signer>
  }
  /** What the file exports to implement the port. */
  readonly name: "layer" | "make"
}

export type Fault = TextFault | PortFault

/** A service by the name of its tag. */
type Service =
  | "QStashSchedules"
  | "QStashMessages"
  | "QStashQueues"
  | "QStashUrlGroups"
  | "QStashDlq"
  | "QStashFlowControl"
  | "QStashLogs"
  | "QStashSigningKeys"
  | "Jobs"
  | "SqlClient"
  | "Store"

/**
 * The test file of a home, without its extension. Those after the first line are not homes: one loses requests and
 * responses, one has the client's own tests of its transport on undici, one takes the Store away, and the rest
 * are tests of jobs, of the command line, of the SQLite client, of the Store in SQLite
 * and of the client.
 */
export type HomeFile =
  | "testing"
  | "engine"
  | "server"
  | "lostReplies"
  | "transport"
  | "outages"
  | "semantics"
  | "outcomes"
  | "run"
  | "plan"
  | "observability"
  | "jobsTest"
  | "ledger"
  | "deploy"
  | "file"
  | "statements"
  | "transactions"
  | "sqlite"
  | "groupedMessages"

/** Defines faults in the text of a file that the laws of one service must catch. */
export const faultsOf =
  (service: Service, home?: HomeFile) =>
  (file: string) =>
  (id: string, fault: string, ...edits: TextFault["edits"]): Fault => ({
    id,
    file,
    fault,
    edits,
    service,
    ...(home === undefined ? {} : { home })
  })

const portFaultsOf =
  <Port>(file: string, name: PortFault["name"], changes: (change: Change<Port>) => PortFault["changes"]) =>
  (service: Service) =>
  (id: string, fault: string, change: Change<Port>): Fault => ({
    id,
    file,
    fault,
    changes: changes(change),
    name,
    service
  })

/** Defines faults of a Store that the laws of one service must catch. */
export const storeFaultsOf = portFaultsOf<Store.Service>("engine/src/MemoryStore.ts", "layer", (change) => ({
  Store: change
}))

/** Defines faults of a Courier that the laws of one service must catch. */
export const courierFaultsOf = portFaultsOf<Courier.Service>(
  "server/src/UndiciCourier.ts",
  "layer",
  (change) => ({ Courier: change })
)

/** Defines faults of a Signer that the laws of one service must catch. */
export const signerFaultsOf = portFaultsOf<Signer>("engine/src/Signer.ts", "make", (change) => ({
  Signer: change
}))

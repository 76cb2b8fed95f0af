/** A change to one source file. */
export interface Fault {
  readonly id: string
  /** Relative to the `packages` directory. */
  readonly file: string
  /** What goes wrong, from a user's view. */
  readonly fault: string
  /** Text that the file contains exactly once, and its replacement. */
  readonly edits: ReadonlyArray<readonly [find: string, replace: string]>
  /** The service whose laws run. The others would take too long. */
  readonly service: Service
  /** The home to run, if the file does not decide it. */
  readonly home?: HomeFile
}

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

/**
 * The test file of a home, without its extension. The last three are not homes: one loses requests and responses, one
 * has the client's own tests of its transport on undici, and one takes the Store away.
 */
export type HomeFile = "testing" | "engine" | "server" | "lostReplies" | "transport" | "outages"

/** Defines faults that the laws of one service must catch. */
export const faultsOf =
  (service: Service, home?: HomeFile) =>
  (file: string) =>
  (id: string, fault: string, ...edits: Fault["edits"]): Fault => ({
    id,
    file,
    fault,
    edits,
    service,
    ...(home === undefined ? {} : { home })
  })

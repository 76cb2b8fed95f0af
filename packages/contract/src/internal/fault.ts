/** A change to one source file. */
export interface Fault {
  readonly id: string
  /** From the `packages` directory on. */
  readonly file: string
  /** What is wrong then, as a user would tell it. */
  readonly fault: string
  /** What stands there exactly once, and what takes its place. */
  readonly edits: ReadonlyArray<readonly [find: string, replace: string]>
  /** The service whose laws are asked, which saves the time of all others. */
  readonly service: Service
  /** Where it is looked for, if not where its file says. */
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

/** The test file of a home, without its ending. The last one is no home: it takes requests and replies away. */
export type HomeFile = "testing" | "engine" | "server" | "lostReplies"

/** Writes down faults that the laws of one service are to find. */
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

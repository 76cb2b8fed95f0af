/** What a server process is told. */
export interface Settings {
  readonly port: number
  readonly database: { readonly filename: string } | { readonly url: string }
  /** How much faster than real time its clock goes, so that a minute's schedule fires often and a lease ends soon. */
  readonly speed: number
  /** When the clocks of all processes showed the real time. */
  readonly from: number
  /** How far its clock is ahead of the others', in milliseconds of its own time. */
  readonly ahead: number
  /** How many deliveries may be in progress. */
  readonly concurrency: number
}

/** What a server process says. */
export type Said =
  | { readonly _tag: "Ready" }
  /** How many messages are not done yet. */
  | { readonly _tag: "Pending"; readonly count: number }

import { it } from "@effect/vitest"
import { assertTrue } from "@effect/vitest/utils"
import { setImmediate } from "node:timers/promises"

/** Prepares an input of about so many characters or bytes, and returns the work on it. */
export type Work = (size: number) => () => unknown

const sizes = [10_000, 100_000, 1_000_000] as const

/** Ten times the input may cost this many times as much: linear work costs 10 times as much, quadratic work 100 times. */
const most = 60

/** Below this the CPU time of a call says more about the machine than about the call. */
const leastMillis = 5

/** Without the time of the system, which mostly finds memory for the larger inputs. */
const millisOf = (work: () => unknown): number => {
  const before = process.cpuUsage()
  work()
  return process.cpuUsage(before).user / 1000
}

/** The least of several runs, since other work can only add to it. Stops at the first run that is good enough. */
const leastOf = (runs: number, enough: number, work: () => unknown): number => {
  let least = Infinity
  for (let run = 0; run < runs && least > enough; run++) least = Math.min(least, millisOf(work))
  return least
}

const grows = (prepare: Work): void => {
  let before: number | undefined
  for (const size of sizes) {
    const work = prepare(size)
    // The first runs also compile the code.
    if (before === undefined) leastOf(3, 0, work)
    const limit = before === undefined ? 0 : most * Math.max(before, leastMillis)
    const spent = leastOf(5, limit, work)
    assertTrue(
      before === undefined || spent <= limit,
      `${size} characters took ${spent} ms of CPU time, a tenth of them ${before} ms`
    )
    before = spent
  }
}

/**
 * Checks that the work on each input grows no faster than the input. It compares CPU times within one run, so a slow or
 * busy machine changes nothing.
 */
export const growsLinearly = (cases: Readonly<Record<string, Work>>): void => {
  for (const [title, work] of Object.entries(cases)) {
    it(
      title,
      async () => {
        // Lets Vitest talk to this process, which it gives up after a minute of silence.
        await setImmediate()
        grows(work)
      },
      120_000
    )
  }
}

/** Repeats a text up to a size. */
export const fill = (text: string, size: number): string => text.repeat(Math.ceil(size / text.length))

/** As many items as fit a size, each of about so many characters. */
export const items = <A>(size: number, each: number, make: (index: number) => A): Array<A> =>
  Array.from({ length: Math.ceil(size / each) }, (_, index) => make(index))

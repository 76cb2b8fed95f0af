/** What a side of the benchmark of storage measures. */
export interface Rates {
  /** Messages accepted per second by 64 callers at once. */
  readonly accepted: number
  /** Waiting messages leased and settled per second. */
  readonly drained: number
  /** Messages per second that are accepted, leased and settled, all at once. */
  readonly endToEnd: number
}

export const callers = 64

/** Bodies like those of the jobs of a billing application. */
export const bodyBytes = 223

/** Runs something `count` times by `callers` at once, and returns how often per second. */
export const perSecond = async (count: number, work: () => Promise<unknown>): Promise<number> => {
  const begin = performance.now()
  await work()
  return (count * 1000) / (performance.now() - begin)
}

/** Splits a number of calls between the callers. */
export const byCallers = async (count: number, call: () => Promise<unknown>): Promise<void> => {
  let left = count
  const caller = async () => {
    while (left > 0) {
      left -= 1
      await call()
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
}

import * as Effect from "effect/Effect"
import * as v8 from "node:v8"
import * as vm from "node:vm"

/** One comparison: what was measured on both sides, and what is wanted of their ratio. */
export interface Row {
  readonly what: string
  readonly ours: string
  readonly theirs: string
  readonly ratio: number
  readonly meaning: "times as fast" | "times as much"
  readonly wanted?: { readonly least: number } | { readonly most: number }
  /** What the short table at the top calls it, if it belongs there. */
  readonly headline?: string
  /** Its bar in a chart, if it has one: the ratio. */
  readonly bar?: Bar
}

/** Bars with the same label have the same colour; those of a group stand together. */
export interface Bar {
  readonly chart: "client" | "others"
  readonly group: string
  readonly label: string
}

export const isMet = ({ ratio, wanted }: Row): boolean =>
  wanted === undefined || ("least" in wanted ? ratio >= wanted.least : ratio <= wanted.most)

export const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((self, that) => self - that)[values.length >> 1] ?? Number.NaN

/** Microseconds of CPU time that the process has used, over all its threads. */
export const cpuMicros = (): number => {
  const { system, user } = process.cpuUsage()
  return user + system
}

/** Microseconds of a synchronous call, averaged over many. */
export const microsEach = (count: number, call: (index: number) => unknown): number => {
  const begin = performance.now()
  for (let index = 0; index < count; index++) call(index)
  return ((performance.now() - begin) * 1000) / count
}

/** The same for calls that have to be awaited, one after the other. */
export const microsEachAsync = async (
  count: number,
  call: (index: number) => Promise<unknown>
): Promise<number> => {
  const begin = performance.now()
  for (let index = 0; index < count; index++) await call(index)
  return ((performance.now() - begin) * 1000) / count
}

/** The same for an effect, run time and again in one fiber. */
export const microsEachEffect = (count: number, effect: Effect.Effect<unknown, unknown>): Promise<number> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const begin = performance.now()
      for (let index = 0; index < count; index++) yield* effect
      return ((performance.now() - begin) * 1000) / count
    })
  )

/** Microseconds, or whatever was measured, of each turn. */
export type Turns = ReadonlyArray<number>

/** How many times as much one side took as the other: the median of what it was in each turn. */
export const ratioOf = (self: Turns, that: Turns): number =>
  median(self.map((value, turn) => value / (that[turn] ?? Number.NaN)))

/**
 * The sides take turns, so that a machine that is busy for a while is busy for all of them in one turn, and spoils no
 * more than that.
 */
export const byTurns = async <K extends string>(
  turns: number,
  sides: Readonly<Record<K, () => number | Promise<number>>>
): Promise<Readonly<Record<K, Turns>>> => {
  const results = new Map<string, Array<number>>()
  for (let turn = 0; turn < turns; turn++) {
    for (const [name, side] of Object.entries<() => number | Promise<number>>(sides)) {
      const measured = results.get(name) ?? []
      measured.push(await side())
      results.set(name, measured)
    }
  }
  // The keys are those of `sides`, which the compiler cannot see through the entries.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries<Turns>(results) as Record<K, Turns>
}

/** How many bytes of heap something keeps alive. */
export const heapBytes = async (build: () => Promise<unknown>): Promise<number> => {
  v8.setFlagsFromString("--expose-gc")
  const collect: () => void = vm.runInNewContext("gc")
  collect()
  const before = process.memoryUsage().heapUsed
  const kept = await build()
  collect()
  const after = process.memoryUsage().heapUsed
  return kept === undefined ? Number.NaN : after - before
}

/** The median turn, for reading. */
export const micros = (turns: Turns): string => {
  const value = median(turns)
  return `${value < 1 ? value.toFixed(3) : value.toFixed(1)} µs`
}

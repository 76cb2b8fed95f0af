import type { MeasuredKind } from "./decodingSide.ts"
import { forkBundle } from "./forkBundle.ts"
import { median, micros, type Row } from "./measure.ts"

const measureApart = (side: string, scale: number): Promise<ReadonlyArray<MeasuredKind>> =>
  new Promise((resolve, reject) => {
    forkBundle("decodingSide", [side, String(scale)])
      .on("message", (measured: ReadonlyArray<MeasuredKind>) => resolve(measured))
      .on("error", reject)
      .on("exit", () => reject(new Error(`decoding: nothing was measured of ${side}`)))
  })

/** What decoding a record costs on top of `JSON.parse` of the same bytes, in CPU time. */
export const decoding = async (scale: number): Promise<ReadonlyArray<Row>> => {
  const parsed = await measureApart("parse", scale)
  const decoded = await measureApart("decode", scale)
  return decoded.map(({ turns, what }, kind) => {
    const parse = median(parsed[kind]?.turns ?? [])
    const over = median(turns) - parse
    return {
      what: `decoding ${what}, on top of \`JSON.parse\``,
      ours: micros([over]),
      theirs: `\`JSON.parse\` ${micros([parse])}`,
      ratio: over / parse,
      meaning: "times as much"
    }
  })
}

/**
 * The laws of `QStashSchedules`: what an application may rely on, whichever home stands behind the contract.
 *
 * @since 0.1.0
 */
import type { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { layer } from "@effect/vitest"
import type * as Layer from "effect/Layer"
import { describe } from "vitest"
import type { Capabilities, Harness } from "./Harness.ts"
import type { Chapter, Law } from "./internal/law.ts"
import { creating } from "./schedules/creating.ts"
import { deleting } from "./schedules/deleting.ts"
import { delivering } from "./schedules/delivering.ts"
import { firing } from "./schedules/firing.ts"
import { overwriting } from "./schedules/overwriting.ts"
import { pausing } from "./schedules/pausing.ts"
import { reading } from "./schedules/reading.ts"
import { redacting } from "./schedules/redacting.ts"
import { refusing } from "./schedules/refusing.ts"
import { retrying } from "./schedules/retrying.ts"
import { sharing } from "./schedules/sharing.ts"

const chapters: ReadonlyArray<Chapter> = [
  creating,
  reading,
  overwriting,
  pausing,
  deleting,
  firing,
  delivering,
  retrying,
  redacting,
  refusing,
  sharing
]

/**
 * What the laws are called, by which a home says where it differs.
 *
 * @since 0.1.0
 * @category constants
 */
export const titles: ReadonlyArray<string> = chapters.flatMap((chapter) =>
  chapter.laws.map(({ title }) => title)
)

/**
 * @since 0.1.0
 * @category models
 */
export interface Home<E> {
  readonly name: string
  /** Built once for all laws, so that no law may assume an empty account. */
  readonly layer: Layer.Layer<QStashSchedules | Harness, E>
  /** What this home's harness leaves out, and why. */
  readonly lacks?: { readonly [C in keyof Capabilities]?: string }
  /** The laws that this home is known to break, by title, and why. */
  readonly differs?: Readonly<Record<string, string>>
}

/**
 * Registers every law with vitest. A law that a home cannot be asked for is skipped and says why; a difference that
 * names no law is an error.
 *
 * @since 0.1.0
 * @category constructors
 */
export const laws = <E>({ differs = {}, lacks = {}, layer: home, name }: Home<E>): void => {
  for (const title of Object.keys(differs)) {
    if (!titles.includes(title))
      throw new Error(`${name} is said to differ from a law that there is not: ${title}`)
  }
  const reasonToSkip = ({ needs, title }: Law): string | undefined => {
    const difference = differs[title]
    return difference === undefined ? needs && lacks[needs] : `differs: ${difference}`
  }
  // The laws tell time by the home's clock alone, and a client's own timeouts run in real time.
  layer(home, { excludeTestServices: true })(`QStashSchedules (${name})`, (it) => {
    for (const chapter of chapters) {
      describe(chapter.name, () => {
        for (const law of chapter.laws) {
          const reason = reasonToSkip(law)
          if (reason === undefined) it.scoped(law.title, law.body)
          else it.scoped.skip(`${law.title} [${reason}]`, law.body)
        }
      })
    }
  })
}

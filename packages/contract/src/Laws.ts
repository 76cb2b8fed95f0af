/**
 * The laws of QStash's services: what an application can rely on, whichever home implements the contract.
 *
 * @since 0.1.0
 */
import type { QStashServices } from "@effect-qstash/domain/QStashServices"
import { layer } from "@effect/vitest"
import type * as Layer from "effect/Layer"
import { describe } from "vitest"
import { chapters as dlq } from "./dlq/chapters.ts"
import { chapters as flowControl } from "./flowControl/chapters.ts"
import type { Capabilities, Harness } from "./Harness.ts"
import type { Chapter, Law } from "./internal/law.ts"
import { chapters as logs } from "./logs/chapters.ts"
import { chapters as messages } from "./messages/chapters.ts"
import { chapters as queues } from "./queues/chapters.ts"
import { chapters as schedules } from "./schedules/chapters.ts"
import { chapters as signingKeys } from "./signingKeys/chapters.ts"
import { chapters as urlGroups } from "./urlGroups/chapters.ts"

const services: ReadonlyArray<readonly [name: string, chapters: ReadonlyArray<Chapter>]> = [
  ["QStashSchedules", schedules],
  ["QStashMessages", messages],
  ["QStashQueues", queues],
  ["QStashUrlGroups", urlGroups],
  ["QStashDlq", dlq],
  ["QStashFlowControl", flowControl],
  ["QStashLogs", logs],
  ["QStashSigningKeys", signingKeys]
]

/**
 * The titles of all laws. A home names those that it breaks.
 *
 * @since 0.1.0
 * @category constants
 */
export const titles: ReadonlyArray<string> = services.flatMap(([, chapters]) =>
  chapters.flatMap((chapter) => chapter.laws.map(({ title }) => title))
)

/**
 * @since 0.1.0
 * @category models
 */
export interface Home<E> {
  readonly name: string
  /** Built once for all laws of a service, so that no law may assume an empty account. */
  readonly layer: Layer.Layer<QStashServices | Harness, E>
  /** What this home's harness lacks, and why. */
  readonly lacks?: { readonly [C in keyof Capabilities]?: string }
  /** The laws that this home is known to break, by title, and why. */
  readonly differs?: Readonly<Record<string, string>>
}

/**
 * Registers every law with vitest. A law that a home cannot run or is known to break is skipped with the reason. A
 * difference that names no law is an error.
 *
 * @since 0.1.0
 * @category constructors
 */
export const laws = <E>({ differs = {}, lacks = {}, layer: home, name }: Home<E>): void => {
  for (const title of Object.keys(differs)) {
    if (!titles.includes(title)) throw new Error(`${name} differs from an unknown law: ${title}`)
  }
  const reasonToSkip = ({ needs, title }: Law): string | undefined => {
    const difference = differs[title]
    return difference === undefined
      ? needs.map((capability) => lacks[capability]).find((reason) => reason !== undefined)
      : `differs: ${difference}`
  }
  for (const [service, chapters] of services) {
    // The laws read only the home's clock, and a client's own timeouts run in real time.
    layer(home, { excludeTestServices: true })(`${service} (${name})`, (it) => {
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
}

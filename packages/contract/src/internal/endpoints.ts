import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Answer, Delivery, Endpoint } from "../Harness.ts"

interface Place {
  readonly deliveries: Array<Delivery>
  answers: readonly [Answer, ...ReadonlyArray<Answer>]
  answered: number
}

/** A response with every field set. */
export interface FullAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** The destinations of a home. The first segment of the path identifies each. */
export interface Endpoints {
  readonly open: Effect.Effect<Endpoint>
  /** Opens one at the second origin. */
  readonly openElsewhere: Effect.Effect<Endpoint>
  /** Records a delivery at once, then responds, maybe later or never. */
  readonly take: (delivery: Delivery) => Effect.Effect<FullAnswer>
}

export const makeEndpoints = (origin: string, otherOrigin: string): Endpoints => {
  const places = new Map<string, Place>()

  const answerTo = (delivery: Delivery): Answer => {
    const place = places.get(/^[a-z]+:\/\/[^/]+\/([^/?]*)/.exec(delivery.url)?.[1] ?? "")
    if (place === undefined) return 404
    place.deliveries.push(delivery)
    const { answers } = place
    return answers[Math.min(place.answered++, answers.length - 1)] ?? answers[0]
  }

  const openAt = (at: string): Effect.Effect<Endpoint> =>
    Effect.sync(() => {
      const segment = `endpoint-${places.size + 1}`
      const place: Place = { deliveries: [], answers: [200], answered: 0 }
      places.set(segment, place)
      return {
        url: `${at}/${segment}`,
        deliveries: Effect.sync(() => place.deliveries.slice()),
        respond: (...answers) =>
          Effect.sync(() => {
            place.answers = answers
            place.answered = 0
          })
      }
    })

  return {
    open: openAt(origin),
    openElsewhere: openAt(otherOrigin),
    take: (delivery) => {
      const answer = answerTo(delivery)
      if (answer === "silence") return Effect.never
      const { after = 0, ...rest } = typeof answer === "number" ? { status: answer } : answer
      const full = Effect.succeed(fullAnswer(rest))
      return Duration.toMillis(after) === 0 ? full : Effect.delay(full, after)
    }
  }
}

const fullAnswer = ({
  body = "",
  headers = {},
  status
}: Exclude<Answer, number | "silence">): FullAnswer => ({
  status,
  headers,
  body: typeof body === "string" ? new TextEncoder().encode(body) : body
})

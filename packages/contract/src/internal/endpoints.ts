import * as Effect from "effect/Effect"
import type { Answer, Delivery, Endpoint } from "../Harness.ts"

interface Place {
  readonly deliveries: Array<Delivery>
  answers: readonly [Answer, ...ReadonlyArray<Answer>]
  answered: number
}

/** The destinations of a home, each told from the others by the first segment of its path. */
export interface Endpoints {
  readonly open: Effect.Effect<Endpoint>
  /** Notes a delivery, and says how it is answered. */
  readonly take: (delivery: Delivery) => Exclude<Answer, number>
}

export const makeEndpoints = (origin: string): Endpoints => {
  const places = new Map<string, Place>()

  return {
    open: Effect.sync(() => {
      const segment = `endpoint-${places.size + 1}`
      const place: Place = { deliveries: [], answers: [200], answered: 0 }
      places.set(segment, place)
      return {
        url: `${origin}/${segment}`,
        deliveries: Effect.sync(() => place.deliveries.slice()),
        respond: (...answers) =>
          Effect.sync(() => {
            place.answers = answers
            place.answered = 0
          })
      }
    }),
    take: (delivery) => {
      const place = places.get(/^[a-z]+:\/\/[^/]+\/([^/?]*)/.exec(delivery.url)?.[1] ?? "")
      if (place === undefined) return { status: 404, headers: {} }
      place.deliveries.push(delivery)
      const { answers } = place
      const answer = answers[Math.min(place.answered++, answers.length - 1)] ?? answers[0]
      return typeof answer === "number" ? { status: answer, headers: {} } : answer
    }
  }
}

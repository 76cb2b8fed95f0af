import type { QStashServices } from "@effect-qstash/domain/QStashServices"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type Account, type Capabilities, Harness, type Time } from "../Harness.ts"

/** The laws share a home. Only its names and endpoints are a law's own. */
export type Body<R = QStashServices> = Effect.Effect<void, unknown, R | Harness | Scope.Scope>

export interface Law {
  readonly title: string
  /** What it needs besides the contract. */
  readonly needs: ReadonlyArray<keyof Capabilities>
  readonly body: () => Body
}

export interface Chapter {
  readonly name: string
  readonly laws: ReadonlyArray<Law>
}

/** Defines laws. A title is a sentence about the service; `[assumed]` marks what QStash does not document. */
export interface Writer {
  readonly law: (title: string, body: () => Body) => void
  /** A law about what happens as time goes on. */
  readonly timed: (title: string, body: (time: Time) => Body) => void
  /** A law about everything in an account. It gets an account of its own, with time. */
  readonly alone: (title: string, body: (time: Time) => Body) => void
  /** A law that needs something that not every home has. */
  readonly given: <const C extends keyof Capabilities>(
    capabilities: ReadonlyArray<C>,
    title: string,
    body: (has: Pick<Capabilities, C>) => Body
  ) => void
}

export const chapter = (name: string, write: (writer: Writer) => void): Chapter => {
  const laws: Array<Law> = []
  const given: Writer["given"] = (capabilities, title, body) => {
    laws.push({ title, needs: capabilities, body: () => withCapabilities(capabilities, body) })
  }
  write({
    given,
    law: (title, body) => laws.push({ title, needs: [], body }),
    timed: (title, body) => given(["time"], title, ({ time }) => body(time)),
    alone: (title, body) =>
      given(["ownAccount"], title, ({ ownAccount }) => Effect.flatMap(ownAccount, (own) => within(own, body)))
  })
  return { name, laws }
}

/** Runs an effect as another account. */
export const within = <A, E, R>(
  { services, time }: Account,
  body: (time: Time) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, Exclude<R, QStashServices>> => Effect.provide(body(time), services)

const has = <C extends keyof Capabilities>(
  harness: Partial<Capabilities>,
  capabilities: ReadonlyArray<C>
): harness is Partial<Capabilities> & Pick<Capabilities, C> =>
  capabilities.every((capability) => harness[capability] !== undefined)

const withCapabilities = <C extends keyof Capabilities>(
  capabilities: ReadonlyArray<C>,
  body: (has: Pick<Capabilities, C>) => Body
): Body =>
  Effect.flatMap(Harness, (harness: Partial<Capabilities>) =>
    has(harness, capabilities)
      ? body(harness)
      : Effect.dieMessage(`This home lacks one of "${capabilities.join(", ")}" without giving a reason`)
  )

import type { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type Capabilities, Harness, type Time } from "../Harness.ts"

/** A law has its home to itself only by its own ids and endpoints: all else it shares with the other laws. */
export type Body = Effect.Effect<void, unknown, QStashSchedules | Harness | Scope.Scope>

export interface Law {
  readonly title: string
  /** What it needs beside the contract. */
  readonly needs: keyof Capabilities | undefined
  readonly body: () => Body
}

export interface Chapter {
  readonly name: string
  readonly laws: ReadonlyArray<Law>
}

/** How laws are written down. A title is a sentence about the service; `[assumed]` marks what QStash does not say. */
export interface Writer {
  readonly law: (title: string, body: () => Body) => void
  /** A law about what happens as time goes on. */
  readonly timed: (title: string, body: (time: Time) => Body) => void
  /** A law that needs something else that not every home has. */
  readonly given: <C extends keyof Capabilities>(
    capability: C,
    title: string,
    body: (capability: Capabilities[C]) => Body
  ) => void
}

export const chapter = (name: string, write: (writer: Writer) => void): Chapter => {
  const laws: Array<Law> = []
  const given: Writer["given"] = (capability, title, body) => {
    laws.push({ title, needs: capability, body: () => withCapability(capability, body) })
  }
  write({
    given,
    law: (title, body) => laws.push({ title, needs: undefined, body }),
    timed: (title, body) => given("time", title, body)
  })
  return { name, laws }
}

const withCapability = <C extends keyof Capabilities>(
  capability: C,
  body: (capability: Capabilities[C]) => Body
): Body =>
  Effect.flatMap(Harness, (harness: Partial<Capabilities>) => {
    const found = harness[capability]
    return found === undefined
      ? Effect.dieMessage(`This home lacks "${capability}" and does not say why`)
      : body(found)
  })

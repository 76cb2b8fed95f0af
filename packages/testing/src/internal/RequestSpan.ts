import * as Context from "effect/Context"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"

const hex = (id: number, length: number): string => id.toString(16).padStart(length, "0")

/**
 * The span of a request that no tracer receives. Only the app can read it, so it counts its ids and leaves out the
 * attributes that platform would add: making a native span costs as much as the rest of a request.
 */
export class RequestSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly name: string
  readonly spanId: string
  readonly traceId: string
  readonly parent = Option.none()
  readonly context = Context.empty()
  readonly sampled = true
  readonly kind = "server"
  readonly links: Array<Tracer.SpanLink> = []
  readonly attributes = new Map<string, unknown>()
  status: Tracer.SpanStatus

  constructor(id: number, method: string, startTime: bigint) {
    this.name = `http.server ${method}`
    this.spanId = hex(id, 16)
    this.traceId = hex(id, 32)
    this.status = { _tag: "Started", startTime }
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    this.status = { _tag: "Ended", startTime: this.status.startTime, endTime, exit }
  }

  attribute(key: string, value: unknown): void {
    this.attributes.set(key, value)
  }

  event(): void {}

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    for (const link of links) this.links.push(link)
  }
}

import * as HttpApp from "@effect/platform/HttpApp"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import type * as Tracer from "effect/Tracer"

type Responded = Exit.Exit<HttpServerResponse.HttpServerResponse, unknown>

interface Begun {
  readonly span: Tracer.Span
  readonly end: (exit: Responded) => void
}

/**
 * The span that platform gives to a request, made when somebody first looks at it: Effect's own tracer tells nobody of a
 * span, and making one costs as much as all the rest of a request.
 */
export class RequestSpan implements Tracer.Span {
  readonly _tag = "Span"
  private readonly runtime: () => Runtime.Runtime<HttpServerRequest.HttpServerRequest>
  private readonly startMillis: number
  private begun: Begun | undefined
  private noted: Array<readonly [key: string, value: unknown]> = []

  /** The runtime is that of the request, without this span. */
  constructor(runtime: () => Runtime.Runtime<HttpServerRequest.HttpServerRequest>, startMillis: number) {
    this.runtime = runtime
    this.startMillis = startMillis
  }

  private get real(): Tracer.Span {
    if (this.begun === undefined) {
      this.begun = begin(this.runtime())
      for (const [key, value] of this.noted) this.begun.span.attribute(key, value)
      this.noted = []
    }
    return this.begun.span
  }

  /** The request is over. */
  finish(exit: Responded): void {
    this.begun?.end(exit)
  }

  get name(): string {
    return this.real.name
  }

  get spanId(): string {
    return this.real.spanId
  }

  get traceId(): string {
    return this.real.traceId
  }

  get parent(): Option.Option<Tracer.AnySpan> {
    return this.real.parent
  }

  get context(): Context.Context<never> {
    return this.real.context
  }

  get status(): Tracer.SpanStatus {
    return { ...this.real.status, startTime: BigInt(this.startMillis) * 1_000_000n }
  }

  get attributes(): ReadonlyMap<string, unknown> {
    return this.real.attributes
  }

  get links(): ReadonlyArray<Tracer.SpanLink> {
    return this.real.links
  }

  get sampled(): boolean {
    return this.real.sampled
  }

  get kind(): Tracer.SpanKind {
    return this.real.kind
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    this.real.end(endTime, exit)
  }

  /** A router notes its route at each request, which is no look at the span. */
  attribute(key: string, value: unknown): void {
    if (this.begun === undefined) this.noted.push([key, value])
    else this.begun.span.attribute(key, value)
  }

  event(name: string, startTime: bigint, attributes?: Record<string, unknown>): void {
    this.real.event(name, startTime, attributes)
  }

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    this.real.addLinks(links)
  }
}

/** Lets platform trace an app that answers when the request does. */
const begin = (runtime: Runtime.Runtime<HttpServerRequest.HttpServerRequest>): Begun => {
  let begun: Begun | undefined
  const app = Effect.flatMap(Effect.orDie(Effect.currentSpan), (span) =>
    Effect.async<HttpServerResponse.HttpServerResponse, unknown>((resume) => {
      begun = { span, end: resume }
    })
  )
  Runtime.runFork(
    runtime,
    HttpApp.toHandled(app, () => Effect.void)
  )
  if (begun === undefined) throw new Error("The span of a request was not made at once")
  return begun
}

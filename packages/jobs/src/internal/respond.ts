import * as Duration from "effect/Duration"
import type * as Failure from "../Verdict.ts"

/** What became of a delivery, for metrics and tests. */
type Verdict =
  | "done"
  | "repeated"
  | "skipped"
  | "retry"
  | "gave up"
  | "in progress"
  | "interrupted"
  | "died"
  | "unknown job"
  | "undecodable"
  | "unverified"
  | "ignored"

/** What the router says to QStash. */
export interface JobResponse {
  readonly verdict: Verdict
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

const json = { "content-type": "application/json" }
const plain = { "content-type": "text/plain; charset=utf-8" }

const retryIn = (seconds: number) => ({ "retry-after": String(seconds) })

export const done = (text: string, isRepeat: boolean): JobResponse => ({
  verdict: isRepeat ? "repeated" : "done",
  status: text === "" ? 204 : 200,
  headers: text === "" ? {} : json,
  text
})

/** The outcome reads it, because 200 alone would say that the work was done. */
export const skippedHeader = "Job-Skipped"

export const skipped: JobResponse = {
  verdict: "skipped",
  status: 200,
  headers: { [skippedHeader]: "true" },
  text: ""
}

/** A callback that says nothing final. */
export const ignored: JobResponse = { verdict: "ignored", status: 204, headers: {}, text: "" }

export const unverified = (status: number, message: string): JobResponse => ({
  verdict: "unverified",
  status,
  headers: plain,
  text: message
})

/** A rolling deploy ends within minutes. */
export const unknownJob: JobResponse = { verdict: "unknown job", status: 503, headers: retryIn(60), text: "" }

export const inProgress: JobResponse = { verdict: "in progress", status: 503, headers: retryIn(10), text: "" }

export const interrupted: JobResponse = { verdict: "interrupted", status: 503, headers: retryIn(5), text: "" }

export const died: JobResponse = { verdict: "died", status: 500, headers: {}, text: "" }

const notRetryable = { "upstash-nonretryable-error": "true" }

export const undecodable = (reason: string): JobResponse => ({
  verdict: "undecodable",
  status: 489,
  headers: { ...plain, ...notRetryable },
  text: reason
})

/** A declared error: its verdict decides, and the failure callback decodes it. */
export const failed = (verdict: Failure.Verdict, text: string): JobResponse => {
  switch (verdict._tag) {
    case "GiveUp":
      return { verdict: "gave up", status: 489, headers: { ...json, ...notRetryable }, text }
    case "Retry":
      return { verdict: "retry", status: 503, headers: json, text }
    case "RetryAfter":
      return {
        verdict: "retry",
        status: 503,
        headers: { ...json, ...retryIn(Math.ceil(Duration.toSeconds(verdict.delay))) },
        text
      }
  }
}

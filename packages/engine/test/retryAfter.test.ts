import { backoff, retryAfter } from "@effect-qstash/engine/RetryAfter"
import { describe, it } from "@effect/vitest"
import { assertTrue, strictEqual } from "@effect/vitest/utils"
import { FastCheck } from "effect"

const now = Date.UTC(2024, 5, 27, 12, 0, 0)
const day = 86_400_000

const read = (value: string): number | undefined => retryAfter({ "retry-after": value }, now)

describe("retryAfter", () => {
  it.each([
    ["0", 0],
    ["10", 10_000],
    ["010", 10_000],
    ["1.5", 1_500],
    ["0.0004", 0],
    ["16.1", 16_100],
    [" 10\t", 10_000],
    ["86400", day]
  ])("reads %j as seconds", (value, millis) => {
    strictEqual(read(value), millis)
  })

  it.each([
    ["6m5s", 365_000],
    ["1h", 3_600_000],
    ["500ms", 500],
    ["1.5s", 1_500],
    ["1.s", 1_000],
    [".5s", 500],
    ["0s", 0],
    ["5s6m", 365_000],
    ["1h1m1s1ms", 3_661_001],
    ["250000us", 250],
    ["250000µs", 250],
    ["250000μs", 250],
    ["2000000ns", 2],
    ["1ns", 0],
    ["24h", day]
  ])("reads %j as a Go duration", (value, millis) => {
    strictEqual(read(value), millis)
  })

  it.each([
    ["Thu, 27 Jun 2024 12:16:24 GMT", 984_000],
    ["Sun, 27 Jun 2024 12:16:24 GMT", 984_000],
    ["Xyz, 27 Jun 2024 12:16:24 GMT", 984_000],
    ["Fri, 28 Jun 2024 12:00:00 GMT", day],
    ["Thu, 27 Jun 2024 12:00:00 GMT", 0],
    ["Thu, 27 Jun 2024 11:59:59 GMT", 0],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0]
  ])("reads the date %j, whatever its weekday", (value, millis) => {
    strictEqual(read(value), millis)
  })

  it.each([
    "86401",
    "86400.001",
    "24h1ms",
    "1719490000",
    "9".repeat(400),
    `${"9".repeat(400)}h`,
    "Fri, 28 Jun 2024 12:00:01 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT"
  ])("takes no more than a day: %s", (value) => {
    strictEqual(read(value), undefined)
  })

  it.each([
    "",
    " ",
    "soon",
    "-1",
    "+1",
    "1e3",
    "0x10",
    "1,5",
    "1.",
    ".5",
    "Infinity",
    "NaN",
    "5 s",
    "5d",
    "5S",
    "-5s",
    "s",
    ".s",
    "1.2.3s",
    "5s6",
    "2024-06-27T12:16:24Z",
    "27 Jun 2024 12:16:24 GMT",
    "Thu, 27 Jun 2024 12:16:24",
    "Thu, 27 Jun 2024 12:16:24 +0000",
    "Thu, 27 Jun 2024 12:16:24 PST",
    "Thu, 31 Feb 2024 12:16:24 GMT",
    "Thu, 27 Jun 2024 25:16:24 GMT",
    "Thursday, 27-Jun-24 12:16:24 GMT",
    "Thu Jun 27 12:16:24 2024",
    "Inv, id Date",
    "9".repeat(10_000) + "x",
    "1s".repeat(5_000) + "x"
  ])("leaves junk alone: %j", (value) => {
    strictEqual(read(value), undefined)
    strictEqual(retryAfter({ "retry-after": value, "x-ratelimit-reset": "2" }, now), 2_000)
  })

  it("asks the headers in their order", () => {
    const headers = {
      "retry-after": "1",
      "x-ratelimit-reset": "2",
      "x-ratelimit-reset-requests": "3",
      "x-ratelimit-reset-tokens": "4s"
    }
    strictEqual(retryAfter(headers, now), 1_000)
    strictEqual(retryAfter({ ...headers, "retry-after": undefined }, now), 2_000)
    strictEqual(retryAfter({ ...headers, "retry-after": "junk", "x-ratelimit-reset": [] }, now), 3_000)
    strictEqual(retryAfter({ "x-ratelimit-reset-tokens": "4s", date: "5" }, now), 4_000)
    strictEqual(retryAfter({}, now), undefined)
  })

  it("asks the values of a repeated header in their order", () => {
    strictEqual(retryAfter({ "retry-after": ["junk", "7", "8"] }, now), 7_000)
  })

  it("does not shorten a wait of more than a day by a later header", () => {
    strictEqual(retryAfter({ "retry-after": "86401", "x-ratelimit-reset": "2" }, now), undefined)
  })

  it.prop(
    "reads every date that HTTP can write",
    [FastCheck.date({ noInvalidDate: true, min: new Date(0) })],
    ([date]) => {
      FastCheck.pre(date.getUTCFullYear() <= 9999)
      const instant = Math.trunc(date.getTime() / 1000) * 1000
      strictEqual(retryAfter({ "retry-after": date.toUTCString() }, instant), 0)
      strictEqual(retryAfter({ "retry-after": date.toUTCString() }, instant - 5_000), 5_000)
    }
  )

  it.prop(
    "reads the groups of a Go duration as their sum",
    [FastCheck.nat(23), FastCheck.nat(59), FastCheck.nat(59), FastCheck.nat(999)],
    ([hours, minutes, seconds, millis]) => {
      strictEqual(
        read(`${hours}h${minutes}m${seconds}s${millis}ms`),
        ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis
      )
    }
  )

  it.prop(
    "gives whole milliseconds up to a day, or nothing, for any text",
    [FastCheck.oneof(FastCheck.string(), FastCheck.stringMatching(/^[0-9.hmsnuµ, ]*$/))],
    ([value]) => {
      const millis = read(value)
      assertTrue(millis === undefined || (Number.isInteger(millis) && millis >= 0 && millis <= day))
    }
  )
})

describe("backoff", () => {
  it.each([
    [1, 12_000],
    [2, 148_000],
    [3, 1_808_000],
    [4, 22_026_000],
    [5, day],
    [6, day],
    [1_000, day]
  ])("before retry %d is %d ms", (retry, millis) => {
    strictEqual(backoff(retry), millis)
  })
})

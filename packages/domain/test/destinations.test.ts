import { CreateSchedule, Destination, UrlGroupName } from "@effect-qstash/domain"
import * as ScheduleRequest from "@effect-qstash/domain/wire/ScheduleRequest"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertFalse, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Either, FastCheck } from "effect"
import { inspect } from "node:util"
import { junk, oddUrl, urlGroupName, usableUrl } from "./arbitraries.ts"

const parseFrom = (input: unknown): ReturnType<typeof Destination.parse> =>
  Reflect.apply(Destination.parse, Destination, [input])

/** What any HTTP client makes of the target of a request, by WHATWG's rules. */
const sent = (prefix: string, destination: string): string => {
  const url = new URL(`https://h${prefix}${destination}`)
  return url.pathname + url.search + url.hash
}

const controls = /[^ -~\u00a0-\u{10ffff}]/u

/** `URL.canParse` gives wrong answers on Node 20 after some ten thousand calls. */
const urlOf = (text: string): URL | undefined => {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/** Whether a destination can be kept, said without any of the ways to find it out that the module has. */
const isUsable = (text: string): boolean => {
  const url = urlOf(text)
  if (url === undefined || !/^https?:\/\/[^/\\?#]/i.test(text) || controls.test(text)) return false
  // A host may hold these as they are, a path may not, or would resolve them.
  const survives = !/["`{}]|^\.{1,2}$/.test(url.hostname)
  const names = url.search
    .slice(1)
    .split("&")
    .map((parameter) =>
      (parameter.split("=")[0] ?? "")
        .replaceAll("+", " ")
        .replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
    )
  return survives && !names.some((name) => /^(upstash-|qstash_token$)/i.test(name))
}

describe("a bare name as a destination", () => {
  it.each(["sync", "example.com"])("is refused, with what to write for a URL group: %s", (text) => {
    assertEquals(
      Destination.parse(text),
      Either.left(
        `expected a URL that starts with http:// or https://; a URL group is { urlGroup: "${text}" }`
      )
    )
  })
})

describe("a URL as a destination", () => {
  it.each([
    "https://example.com",
    "https://example.com/",
    "http://localhost:3000/jobs/nightly?tenant=7&tenant=8",
    "https://user:pass@example.com:8443/a//b/?x=%2F&y=%zz",
    "https://example.com/a?b?c=d",
    "https://example.com/%2e%2e%2fkeys",
    "https://example.com/a%20b",
    "https://[::1]:8080/a",
    "HTTPS://example.com/A",
    "https://EXAMPLE.com",
    "https://example.com/...",
    "https://example.com/.well-known/a..b",
    "https://example.com/?next=https://other.example/../",
    "https://example.com/?a=upstash-retries",
    "https://example.com/?x-upstash-retries=3&my_qstash_token=a&qstash_tokens=b",
    "https://example.com/upstash-retries=3",
    "https://example.com/??upstash-retries=3"
  ])("stays byte for byte where it survives a request path: %s", (text) => {
    assertEquals(Destination.parse(text), Either.right(text))
  })

  it.each([
    ["https://example.com/a/../b", "https://example.com/b"],
    ["https://example.com/../../../../keys/rotate", "https://example.com/keys/rotate"],
    ["https://example.com/%2e%2e/%2E./.%2e/v2/keys/rotate", "https://example.com/v2/keys/rotate"],
    ["https://example.com/..\\..\\..\\keys", "https://example.com/keys"],
    ["https://example.com/./a/.", "https://example.com/a/"],
    ["https://example.com/..", "https://example.com/"],
    ["https://example.com#section", "https://example.com/"],
    ["https://example.com/a#b?upstash-retries=3", "https://example.com/a"],
    ["https://example.com/a?", "https://example.com/a"],
    ["https://example.com/a?#b", "https://example.com/a"],
    ["https://example.com/a b?c d", "https://example.com/a%20b?c%20d"],
    ["https://example.com/a?b='", "https://example.com/a?b=%27"],
    ["https://example.com/ü", "https://example.com/%C3%BC"],
    ["https://exämple.com/", "https://xn--exmple-cua.com/"],
    ["https://example.com/\ud800", "https://example.com/%EF%BF%BD"],
    ["https://example.com/ ", "https://example.com/"],
    ["https://example.com\\a", "https://example.com/a"]
  ])("is normalised where the path would change it: %s", (text, normalised) => {
    assertEquals(Destination.parse(text), Either.right(normalised))
  })

  it.each([
    "",
    " ",
    "//example.com",
    "/jobs",
    "https:example.com",
    "https:/example.com",
    "ftp://example.com",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "ws://example.com",
    "httpss://example.com",
    " https://example.com",
    "https%3A%2F%2Fexample.com",
    "\u0000https://example.com"
  ])("begins with http:// or https://, so it is not %j", (text) => {
    assertEquals(Destination.parse(text), Either.left("expected a URL that starts with http:// or https://"))
  })

  it.each(["\t", "\n", "\r", "\u0000", "\u001f", "\u007f", "\u0085"])(
    "holds no control character: %j",
    (control) => {
      for (const text of [
        `https://example.com/a${control}b`,
        `https://exam${control}ple.com/`,
        `https://example.com/${control}`
      ]) {
        assertEquals(Destination.parse(text), Either.left("the URL contains a control character"))
      }
    }
  )

  it.each([
    "https://",
    "https:///",
    "https:///example.com",
    "http://?a",
    "https://#a",
    "https://\\example.com"
  ])("names a host, unlike %s", (text) => {
    assertEquals(Destination.parse(text), Either.left("the URL has no host"))
  })

  it.each([
    "https://exa mple.com",
    "https://example.com:99999",
    "https://[::1",
    "https://user@",
    "https://@/",
    "https://:80/"
  ])("parses, unlike %s", (text) => {
    assertEquals(Destination.parse(text), Either.left("the URL is invalid"))
  })

  it.each(["https://a`b", 'https://a"b/', "https://{a}.b"])(
    "has a host that stays as it is in a path, unlike %s",
    (text) => {
      assertEquals(Destination.parse(text), Either.left("a request path would change the URL"))
    }
  )

  it.each([
    ["upstash-retries=3", "upstash-retries"],
    ["a=1&upstash-delay=5s", "upstash-delay"],
    ["UPSTASH-Retries=3", "UPSTASH-Retries"],
    ["upstash-", "upstash-"],
    ["upstash-anything-new", "upstash-anything-new"],
    ["qstash_token=a", "qstash_token"],
    ["QStash_Token", "QStash_Token"],
    ["%75pstash-retries=3", "upstash-retries"],
    ["upstash%2Dretries=3", "upstash-retries"],
    ["%71stash%5Ftoken=a", "qstash_token"],
    ["a&&upstash-%zz", "upstash-%zz"],
    ["upstash-%0a", "upstash-\n"]
  ])("keeps none of QStash's own parameters: ?%s", (query, name) => {
    for (const text of [`https://example.com?${query}`, `https://example.com/../a?${query}#b`]) {
      assertEquals(
        Destination.parse(text),
        Either.left(`QStash would remove the query parameter ${JSON.stringify(name)} and use it itself`)
      )
    }
  })

  it("may be a URL object", () => {
    assertEquals(
      Destination.parse(new URL("https://example.com/a/../b#c")),
      Either.right("https://example.com/b")
    )
    assertTrue(Either.isLeft(Destination.parse(new URL("mailto:a@example.com"))))
  })
})

describe("any URL, however odd", () => {
  it.prop(
    "is sent to itself through every request path, or refused",
    [oddUrl],
    ([text]) => {
      const parsed = Destination.parse(text)
      assertEquals(Either.isRight(parsed), isUsable(text), JSON.stringify(text))
      if (Either.isLeft(parsed)) return
      const destination = Destination.toText(parsed.right)
      for (const prefix of ["/v2/schedules/", "/v2/publish/", "/v2/enqueue/a-queue/"]) {
        strictEqual(sent(prefix, destination), prefix + destination)
      }
    },
    { fastCheck: { numRuns: 10_000 }, timeout: 60_000 }
  )

  it("is answered alike however often it was asked for", () => {
    for (let count = 0; count < 30_000; count++) {
      if (Either.isLeft(Destination.parse("https://é.example")))
        throw new Error(`refused after ${count} times`)
    }
  })

  it.prop(
    "means what it meant",
    [oddUrl],
    ([text]) => {
      const parsed = Destination.parse(text)
      if (Either.isLeft(parsed)) return
      const expected = new URL(text)
      expected.hash = ""
      const got = new URL(Destination.toText(parsed.right))
      for (const part of [
        "protocol",
        "username",
        "password",
        "host",
        "pathname",
        "search",
        "hash"
      ] as const) {
        strictEqual(got[part], expected[part])
      }
    },
    { fastCheck: { numRuns: 2_000 }, timeout: 60_000 }
  )

  it.prop(
    "stays as it is once it was parsed, as text, as an object and on the wire",
    [usableUrl],
    ([text]) => {
      const destination = Either.getOrThrow(Destination.parse(text))
      assertEquals(Destination.parse(Destination.toText(destination)), Either.right(destination))
      strictEqual(Destination.fromText(Destination.toText(destination)), destination)
      const href = Either.getOrThrow(Destination.parse(new URL(text)))
      assertEquals(Destination.parse(Destination.toText(href)), Either.right(href))
    }
  )

  it.prop("arrives at the server as it was sent", [usableUrl], ([text]) => {
    const schedule = Either.getOrThrow(CreateSchedule.make({ cron: "* * * * *", destination: text }))
    const { headers, target, body } = ScheduleRequest.encode(schedule)
    const decoded = Either.getOrThrow(ScheduleRequest.decode({ target, headers, body }))
    strictEqual(decoded.destination, schedule.destination)
  })

  it.prop("shows neither credentials nor query when it is shown", [usableUrl], ([text]) => {
    const destination = Either.getOrThrow(Destination.parse(text))
    const shown = Destination.toSafeText(destination)
    const url = new URL(Destination.toText(destination))
    deepStrictEqual(shown, `${url.protocol}//${url.host}${url.pathname}`)
    assertFalse(/[?#]|pass@|secret@/.test(shown.slice(0, shown.indexOf("/", 8))), shown)
  })

  it("leaves the URL's secrets out of the refusal", () => {
    for (const text of [
      "ftp://user:s3cret@example.com/?s3cret",
      "https://user:s3cret@/",
      "https://user:s3cret@exa mple.com?s3cret#s3cret",
      "https://example.com/?a=s3cret\n",
      "https://example.com/?a=s3cret&upstash-a=s3cret",
      "https://../?s3cret",
      "https:///?s3cret"
    ]) {
      const reason = Either.merge(Destination.parse(text))
      assertFalse(inspect(reason).includes("s3cret"), inspect(reason))
    }
  })
})

describe("a URL group as a destination", () => {
  it.prop("is told by its shape, and stays as it is", [urlGroupName], ([urlGroup]) => {
    const destination = Either.getOrThrow(Destination.parse({ urlGroup }))
    deepStrictEqual(destination, { urlGroup })
    strictEqual(Destination.toText(destination), urlGroup)
    strictEqual(Destination.toSafeText(destination), urlGroup)
    deepStrictEqual(Destination.fromText(urlGroup), destination)
  })

  it("has a name as any other", () => {
    for (const urlGroup of ["", ".", "..", "a/b", "https://example.com", 5, null, undefined]) {
      assertTrue(Either.isLeft(parseFrom({ urlGroup })), String(urlGroup))
    }
  })

  it("is what any text of an answer names that is no URL", () => {
    deepStrictEqual(Destination.fromText("an old/name"), {
      urlGroup: UrlGroupName.make("an old/name", { disableValidation: true })
    })
    strictEqual(Destination.fromText("HTTP://x y"), "HTTP://x y")
  })
})

describe("junk", () => {
  it.prop(
    "is refused in one short line",
    [
      FastCheck.oneof(
        junk,
        junk.map((urlGroup) => ({ urlGroup }))
      )
    ],
    ([input]) => {
      Either.match(parseFrom(input), {
        onLeft: (reason) => assertFalse(reason.length > 1_000 || reason.includes("\n"), reason),
        onRight: (destination) => assertEquals(Either.isRight(Destination.parse(destination)), true)
      })
    },
    { fastCheck: { numRuns: 1_000 }, timeout: 60_000 }
  )

  it("as text of an answer is never shown with what may be secret", () => {
    strictEqual(Destination.toSafeText("https://user:s3cret@"), "an invalid URL")
    strictEqual(Destination.toSafeText("http://user:s3cret@h:1/p?s3cret#s3cret"), "http://h:1/p")
  })
})

import { MessageId } from "@effect-qstash/domain"
import { describe } from "@effect/vitest"
import {
  cut,
  jsonForms,
  queryForms,
  redact,
  containsSecret,
  secretsOfHeader,
  secretsOfUrl
} from "../../../client/src/internal/redact.ts"
import { rateLimited } from "../../../client/src/internal/rateLimit.ts"
import { refusal, unreadRefusal } from "../../../client/src/internal/refusal.ts"
import { queriesOf, secretsOfCriteria } from "../../../client/src/internal/selection.ts"
import { checks } from "../../../client/src/internal/settings.ts"
import { fill, growsLinearly, items, type Work } from "./growth.ts"

const given =
  <A>(inputOf: (size: number) => A, read: (input: A) => unknown): Work =>
  (size) => {
    const input = inputOf(size)
    return () => read(input)
  }

const secrets = (size: number): ReadonlyArray<string> => items(size, 12, (index) => `secret-${index}`)

const limits = (headers: (size: number) => Readonly<Record<string, string>>): Work =>
  given(headers, (found) => rateLimited(found, 0))

describe("the work of client grows with its input", () => {
  growsLinearly({
    "a refusal in JSON": given(
      (size) => JSON.stringify({ error: fill("a\n ", size) }),
      (text) => refusal({ status: 400, headers: {} }, text, ["secret"])
    ),
    "a refusal that is not JSON": given(
      (size) => fill("[", size),
      (text) => refusal({ status: 500, headers: {} }, text, ["secret"])
    ),
    "a refusal to a call with many secrets": (size) => {
      const text = fill("secret ", size)
      const known = secrets(size)
      return () => refusal({ status: 400, headers: {} }, text, known)
    },
    "a refusal full of a long secret": (size) => {
      const text = fill("a", size)
      const known = [`b${fill("a", size / 2)}`, `${fill("a", size / 2)}b`]
      return () => redact(text, known)
    },
    "a transport's message and many secrets": (size) => {
      const text = fill("secret ", size)
      const known = secrets(size)
      return () => containsSecret(text, known)
    },
    "blanks in foreign text": given((size) => `a${fill(" ", size)}b`, cut),
    "the content type of a refusal": given(
      (size) => ({ status: 404, headers: { "content-type": fill("application/json", size) } }),
      unreadRefusal
    ),
    "the secrets of a header": given((size) => `a${fill(" ", size)}b`, secretsOfHeader),
    "the secrets of a URL": given(
      (size) => `https://${fill("a@:", size)}?${fill("a=b&", size)}`,
      secretsOfUrl
    ),
    "the secrets of filters": given(
      (size) => ({ url: [`https://a?${fill("a=b&", size)}`] as const }),
      secretsOfCriteria
    ),
    "a secret in a query": given((size) => fill("é", size), queryForms),
    "a secret in JSON": given((size) => fill('"', size), jsonForms),
    "digits to retry after": limits((size) => ({ "retry-after": `${fill("1", size)}x` })),
    "blanks to retry after": limits((size) => ({ "retry-after": `1${fill(" ", size)}x` })),
    "a date to retry after": limits((size) => ({ "retry-after": `Mon, ${fill("1 ", size)}` })),
    "a comment in a date to retry after": limits((size) => ({ "retry-after": `Mon, ${fill("(", size)}` })),
    "the reset of a limit": limits((size) => ({ "ratelimit-reset": `1.${fill("1", size)}x` })),
    "the calls of a selection": given(
      (size) => ({ messageIds: [MessageId.make("m"), ...items(size, 8, (index) => `m${index}`)] as const }),
      queriesOf
    ),
    "the client's URL": given((size) => `https://a${fill("/", size)}v`, checks.url)
  })
})

import {
  type Delivery,
  DeliveryMalformed,
  type QStashReceiver,
  QStashReceiverMisconfigured,
  SignatureInvalid,
  SignatureMalformed,
  SignatureMissing,
  SignatureWrongIssuer,
  SignatureWrongSubject,
  type VerifiedDelivery,
  type VerifyError
} from "@effect-qstash/receiver"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertTrue, strictEqual } from "@effect/vitest/utils"
import { Cause, Effect, Either, Exit, FastCheck } from "effect"
import { runInNewContext } from "node:vm"
import { allHomes, at, homes, keys } from "./homes.ts"
import {
  base64url,
  body as signedBody,
  bodyHash,
  claims,
  delivery,
  sign,
  token,
  url as signedUrl
} from "./token.ts"

/** Runs the same input through several receivers. Fails if one dies, or if they differ. */
const onEach = <Home, A, E>(
  receivers: ReadonlyArray<readonly [string, Home]>,
  run: (home: Home) => Effect.Effect<A, E>
) =>
  Effect.gen(function* () {
    const [first, ...others] = yield* Effect.forEach(receivers, ([, home]) => Effect.exit(run(home)))
    assertTrue(first !== undefined && others.length > 0)
    for (const exit of [first, ...others]) {
      assertTrue(Exit.isSuccess(exit) || !Cause.isDie(exit.cause), String(exit))
      strictEqual(JSON.stringify(exit), JSON.stringify(first))
    }
    return yield* Effect.either(first)
  })

/** Lets through what TypeScript would reject, as JavaScript and casts do. */
const isDelivery = (input: unknown): input is Delivery => Boolean([input])
const isOptions = (input: unknown): input is QStashReceiver.Options => Boolean([input])

const verify = (input: unknown): Effect.Effect<Either.Either<VerifiedDelivery, VerifyError>> =>
  onEach(allHomes, (home) =>
    Effect.gen(function* () {
      const receiver = yield* Effect.orDie(home.make(keys))
      return yield* isDelivery(input) ? receiver.verify(input) : Effect.die(input)
    })
  )

const make = (input: unknown) =>
  onEach(homes, (home) => (isOptions(input) ? Effect.asVoid(home.make(input)) : Effect.die(input)))

const headerSegment = base64url('{"alg":"HS256","typ":"JWT"}')
const json = JSON.stringify(claims)
const signedBytes = (payload: string | Uint8Array) => delivery(sign(`${headerSegment}.${base64url(payload)}`))
const signedHeader = (header: string | Uint8Array) =>
  delivery(sign(`${base64url(header)}.${base64url(json)}`))
const latin1 = (text: string) => Buffer.from(text, "latin1")
const withClaim = (claim: string, text: string) =>
  json.replace(new RegExp(`"${claim}":[^,}]+`), `"${claim}":${text}`)

/** Claims whose segment has no spare bits, so that one more character has no meaning. */
const wholeBytes = base64url(json.padEnd(Math.ceil(json.length / 3) * 3))

const badHeaders = (value: unknown, received: string) =>
  [{ ...delivery(), headers: value }, new DeliveryMalformed({ part: "headers", received })] as const
const badSignature = (value: unknown) => badHeaders({ "upstash-signature": value }, "")[0]
const badUrl = (value: unknown, received: string) =>
  [{ ...delivery(), url: value }, new DeliveryMalformed({ part: "url", received })] as const
const badBody = (value: unknown, received: string) =>
  [{ ...delivery(), body: value }, new DeliveryMalformed({ part: "body", received })] as const

const claimsError = new SignatureMalformed({ part: "claims" })
const headerError = new SignatureMalformed({ part: "header" })
const tokenError = new SignatureMalformed({ part: "token" })

/** A request, and its error: `undefined` where it passes. */
const requests: Readonly<Record<string, readonly [unknown, VerifyError | undefined]>> = {
  "claims after a byte order mark": [signedBytes(`\ufeff${json}`), claimsError],
  "claims with invalid UTF-8": [signedBytes(latin1(withClaim("jti", '"\u00ff\u00e2\u0082"'))), claimsError],
  "claims in UTF-16": [signedBytes(Buffer.from(json, "utf16le")), claimsError],
  "claims with a dangling character": [delivery(sign(`${headerSegment}.${wholeBytes}A`)), claimsError],
  "claims with whitespace around": [signedBytes(` \n${json}\t`), undefined],
  "claims with text after": [signedBytes(`${json}x`), claimsError],
  "claims with a non-breaking space": [signedBytes(`\u00a0${json}`), claimsError],
  "claims that repeat a key: the last counts": [signedBytes(`{"iss":"Mallory",${json.slice(1)}`), undefined],
  "claims whose last issuer is wrong": [
    signedBytes(`${json.slice(0, -1)},"iss":"Mallory"}`),
    new SignatureWrongIssuer({ issuer: "Mallory" })
  ],
  "claims with __proto__": [signedBytes(`{"__proto__":{"iss":"Mallory"},${json.slice(1)}`), undefined],
  "claims in __proto__ alone": [signedBytes(`{"__proto__":${json}}`), claimsError],
  "a lone surrogate in the token id": [signedBytes(withClaim("jti", String.raw`"\ud800"`)), undefined],
  "a lone surrogate in the issuer": [
    signedBytes(withClaim("iss", String.raw`"\ud800"`)),
    new SignatureWrongIssuer({ issuer: "\ud800" })
  ],
  "an infinite exp": [signedBytes(withClaim("exp", "1e400")), claimsError],
  "a huge exp": [signedBytes(withClaim("exp", "8640000000001")), claimsError],
  "the last exp that a date holds": [signedBytes(withClaim("exp", "8640000000000")), undefined],
  "an exp beyond safe integers": [signedBytes(withClaim("exp", "9007199254740993")), claimsError],
  "a huge nbf": [signedBytes(withClaim("nbf", "1e300")), claimsError],
  "a negative zero nbf": [signedBytes(withClaim("nbf", "-0")), undefined],
  "an exp in exponent form": [signedBytes(withClaim("exp", "8.64e12")), undefined],
  "a body hash in standard base64": [
    signedBytes(withClaim("body", `"+${claims.body.slice(1)}"`)),
    claimsError
  ],
  "a header after a byte order mark": [signedHeader('\ufeff{"alg":"HS256"}'), headerError],
  "a header with invalid UTF-8": [signedHeader(latin1('{"alg":"HS256","kid":"\u00ff"}')), headerError],
  "a header with a dangling character": [delivery(sign(`${headerSegment}A.${base64url(json)}`)), headerError],
  "a header that repeats a key: the last counts": [signedHeader('{"alg":"none","alg":"HS256"}'), undefined],
  "a header whose last alg is none": [signedHeader('{"alg":"HS256","alg":"none"}'), headerError],
  "a header with __proto__": [signedHeader('{"__proto__":{"alg":"HS256"}}'), headerError],
  "a token with a space before": [delivery(` ${token()}`), tokenError],
  "a token with a newline after": [delivery(`${token()}\n`), tokenError],
  "a token with a newline inside": [delivery(token().replace(".", ".\n")), tokenError],
  "a token after a byte order mark": [delivery(`\ufeff${token()}`), tokenError],
  "a token in standard base64": [delivery(token().replace(".", "+.")), tokenError],
  "a token with padding": [delivery(token().replace(/\.(?=[^.]*$)/, "=.")), tokenError],
  "two tokens in one header": [delivery(`${token()}, ${token()}`), tokenError],
  "a token with a lone surrogate": [delivery(`${token()}\ud800`), tokenError],
  "an altered signature": [delivery(token(claims, { key: "sig_other" })), new SignatureInvalid()],

  nothing: [undefined, new DeliveryMalformed({ part: "headers", received: "Undefined" })],
  null: [null, new DeliveryMalformed({ part: "headers", received: "Undefined" })],
  text: ["x", new DeliveryMalformed({ part: "headers", received: "Undefined" })],
  "headers null": badHeaders(null, "Null"),
  "headers undefined": badHeaders(undefined, "Undefined"),
  "headers as text": badHeaders("upstash-signature: x", "String"),
  "headers as a Map": badHeaders(new Map([["upstash-signature", token()]]), "Map"),
  "headers of Fetch": badHeaders(new Headers({ "upstash-signature": token() }), "Headers"),
  "headers as pairs": badHeaders([["upstash-signature", token()]], "Array"),
  "headers without a prototype": [
    { ...delivery(), headers: Object.assign(Object.create(null), delivery().headers) },
    undefined
  ],
  "inherited headers": [
    { ...delivery(), headers: Object.create(delivery().headers) },
    new SignatureMissing()
  ],
  "a signature that is null": [badSignature(null), new SignatureMissing()],
  "a signature that is a number": badHeaders({ "upstash-signature": 5 }, "Number"),
  "a signature that is an object": badHeaders({ "upstash-signature": {} }, "Object"),
  "a signature that is a list of numbers": badHeaders({ "upstash-signature": [5] }, "Array"),
  "another header that is a number": badHeaders({ ...delivery().headers, "upstash-retried": 2 }, "Number"),
  "a number in a header that is not read": [
    { ...delivery(), headers: { ...delivery().headers, "content-length": 2 } },
    undefined
  ],
  "a URL that is null": badUrl(null, "Null"),
  "a URL that is undefined": badUrl(undefined, "Undefined"),
  "a URL object": badUrl(new URL(signedUrl), "URL"),
  "a URL that is a list": badUrl([signedUrl], "Array"),
  "a URL with a newline": [
    { ...delivery(), url: `${signedUrl}\n` },
    new SignatureWrongSubject({
      subject: "https://api.example.com/jobs/nightly",
      expected: "https://api.example.com/jobs/nightly",
      source: "url"
    })
  ],
  "a body as text": badBody("abc", "String"),
  "a body as the very text that was signed": badBody(Buffer.from(signedBody).toString("latin1"), "String"),
  "a body as a parsed object": badBody({ a: 1 }, "Object"),
  "a body that is null": badBody(null, "Null"),
  "a body that is undefined": badBody(undefined, "Undefined"),
  "a body as an ArrayBuffer": badBody(Uint8Array.from(signedBody).buffer, "ArrayBuffer"),
  "a body as a DataView": badBody(new DataView(Uint8Array.from(signedBody).buffer), "DataView"),
  "a body as other numbers": badBody(Uint8ClampedArray.from(signedBody), "Uint8ClampedArray"),
  "a body as a list of numbers": badBody(Array.from(signedBody), "Array"),
  "a body as a Blob": badBody(new Blob([Uint8Array.from(signedBody)]), "Blob"),
  "a body as a stream": badBody(new ReadableStream(), "ReadableStream"),
  "a body as a Buffer": [{ ...delivery(), body: Buffer.from(signedBody) }, undefined]
}

const option = (name: string, value: unknown, reason: string, path: string = name) =>
  [{ ...keys, [name]: value }, new QStashReceiverMisconfigured({ option: path, reason })] as const
const tolerance = (value: unknown) =>
  option("clockTolerance", value, "is not a time span from 0 to 5 minutes")
const maxBody = (value: unknown) => option("maxBodyBytes", value, "is not a number of at least 0")
const unredacted = "is not redacted: use Redacted.make(key)"
const noSubject = 'is not "url", "any" or { publicUrl }'
const publicUrl = (value: unknown) =>
  option(
    "subject",
    { publicUrl: value },
    "is not an http or https URL without query and fragment",
    "subject.publicUrl"
  )

/** Options, and the error: `undefined` where the receiver is built. */
const options: Readonly<Record<string, readonly [unknown, QStashReceiverMisconfigured | undefined]>> = {
  "a tolerance of 5 minutes": [{ ...keys, clockTolerance: "5 minutes" }, undefined],
  "a tolerance of 0": [{ ...keys, clockTolerance: 0 }, undefined],
  "a tolerance of a millisecond more": tolerance(300_001),
  "a tolerance of a day": tolerance("1 day"),
  "a tolerance of Infinity": tolerance(Number.POSITIVE_INFINITY),
  "a tolerance of NaN": tolerance(Number.NaN),
  "a negative tolerance": tolerance(-1),
  "a negative tolerance as text": tolerance("-5 seconds"),
  "a tolerance that is other text": tolerance("soon"),
  "a tolerance that is an object": tolerance({}),
  "a tolerance that is a list of text": tolerance(["1", "2"]),
  "a body limit that is text": maxBody("3"),
  "a body limit that is a bigint": maxBody(10n),
  "a body limit of NaN": maxBody(Number.NaN),
  "no options": [
    undefined,
    new QStashReceiverMisconfigured({ option: "currentSigningKey", reason: unredacted })
  ],
  "a key as text": option("currentSigningKey", "sig_x", unredacted),
  "a key that is missing": option("nextSigningKey", undefined, unredacted),
  "a subject that is other text": option("subject", "Any", noSubject),
  "a subject that is a number": option("subject", 5, noSubject),
  "a public URL that is undefined": publicUrl(undefined),
  "a public URL that is a URL object": publicUrl(new URL("https://a.example.com")),
  "a public URL after a byte order mark": publicUrl("\ufeffhttps://a.example.com")
}

describe("every receiver", () => {
  for (const [name, [input, expected]] of Object.entries(requests)) {
    it.effect(`${expected === undefined ? "accepts" : "rejects"} ${name}`, () =>
      Effect.gen(function* () {
        yield* at(1)
        const result = yield* verify(input)
        assertEquals(Either.isLeft(result) ? result.left : undefined, expected)
      })
    )
  }

  for (const [name, [input, expected]] of Object.entries(options)) {
    it.effect(`${expected === undefined ? "is built with" : "is not built with"} ${name}`, () =>
      Effect.gen(function* () {
        const result = yield* make(input)
        assertEquals(Either.isLeft(result) ? result.left : undefined, expected)
      })
    )
  }

  it.effect("accepts bytes from another realm and in a resizable buffer, whatever their length", () =>
    Effect.gen(function* () {
      yield* at(1)
      for (const size of [0, 10, 10_000, 100_000]) {
        const signature = token({ ...claims, body: bodyHash(new Uint8Array(size)) })
        for (const bytes of [
          runInNewContext(`new Uint8Array(${size})`),
          runInNewContext(`new (class Bytes extends Uint8Array {})(${size})`),
          runInNewContext(`new Uint8Array(new ArrayBuffer(${size}, { maxByteLength: ${size} + 1 }))`)
        ]) {
          assertTrue(Either.isRight(yield* verify({ ...delivery(signature), body: bytes })))
        }
      }
    })
  )

  it.effect.prop(
    "comes to the same typed result for arguments of any type",
    [FastCheck.anything(), FastCheck.anything(), FastCheck.anything()],
    ([headers, url, body]) =>
      Effect.gen(function* () {
        yield* at(1)
        for (const input of [
          headers,
          { ...delivery(), headers },
          { ...delivery(), url },
          { ...delivery(), body },
          { ...delivery(), headers: { "upstash-signature": headers, "content-type": url } }
        ]) {
          yield* verify(input)
        }
        yield* make({ ...keys, clockTolerance: headers })
        yield* make({ ...keys, subject: url })
        yield* make({ ...keys, maxBodyBytes: body })
        yield* make({ ...keys, currentSigningKey: body })
      })
  )

  it.effect.prop(
    "comes to the same typed result for any bytes that a key signed",
    [
      FastCheck.uint8Array({ maxLength: 12 }),
      FastCheck.nat(json.length),
      FastCheck.constantFrom("", "A", "AB", "ABC")
    ],
    ([bytes, position, tail]) =>
      Effect.gen(function* () {
        yield* at(1)
        const text = Buffer.from(json)
        const altered = Buffer.concat([text.subarray(0, position), bytes, text.subarray(position)])
        for (const payload of [bytes, altered, Buffer.concat([bytes, text])]) {
          yield* verify(delivery(sign(`${headerSegment}.${base64url(payload)}${tail}`)))
          yield* verify(delivery(sign(`${base64url(payload)}${tail}.${base64url(json)}`)))
        }
      })
  )
})

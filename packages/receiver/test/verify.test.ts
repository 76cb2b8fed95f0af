import {
  DeliveryBodyMismatch,
  DeliveryMalformed,
  DeliveryTooLarge,
  SignatureExpired,
  SignatureInvalid,
  SignatureMalformed,
  SignatureMissing,
  SignatureNotYetValid,
  SignatureWrongIssuer,
  SignatureWrongSubject
} from "@effect-qstash/receiver"
import { describe, expect, it } from "@effect/vitest"
import { assertEquals, assertInstanceOf, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Duration, Effect, Layer, Redacted, Schema } from "effect"
import { at, allHomes, keys, verifyWith } from "./homes.ts"
import { base64url, body, bodyHash, claims, delivery, issuedAt, nextKey, sign, token, url } from "./token.ts"

const instant = (seconds: number) => DateTime.unsafeMake(seconds * 1000)

for (const [name, home] of allHomes) {
  const verify = verifyWith(home)
  const refusal = (signature: string) => Effect.flip(verify(delivery(signature)))

  const refused = (options: Parameters<typeof home.make>[0]) =>
    Effect.map(Effect.flip(Layer.build(home.layer(options))), (error) => error.option)

  describe(`verify on ${name}`, () => {
    it.effect("gives what is signed and what is not apart", () =>
      Effect.gen(function* () {
        const verified = yield* verify({
          ...delivery(),
          headers: {
            "upstash-signature": [token()],
            "UPSTASH-MESSAGE-ID": "msg_1",
            "upstash-schedule-id": "nightly",
            "Upstash-Topic-Name": "team",
            "upstash-retried": "2",
            "upstash-caller-ip": "203.0.113.7",
            "upstash-region": "EU-CENTRAL-1",
            "content-type": "application/octet-stream",
            "x-absent": undefined
          }
        })
        strictEqual(verified.signed.body, body)
        deepStrictEqual<unknown>(verified, {
          signed: {
            subject: url,
            tokenId: claims.jti,
            issuedAt: instant(issuedAt),
            notBefore: instant(0),
            expiresAt: instant(issuedAt + 300),
            body
          },
          unsigned: {
            messageId: "msg_1",
            scheduleId: "nightly",
            urlGroup: "team",
            retried: 2,
            callerIp: "203.0.113.7",
            region: "EU-CENTRAL-1",
            contentType: "application/octet-stream"
          }
        })
      })
    )

    it.effect("leaves out unsigned headers that are absent, empty, repeated or unreadable", () =>
      Effect.gen(function* () {
        const { unsigned } = yield* verify({
          ...delivery(),
          headers: {
            "upstash-signature": token(),
            "upstash-message-id": ["msg_1", "msg_2"],
            "upstash-schedule-id": "",
            "upstash-topic-name": [],
            "upstash-retried": "-1",
            "upstash-region": "EU-CENTRAL-1",
            "Upstash-Region": "US-EAST-1"
          }
        })
        deepStrictEqual<unknown>(unsigned, {
          messageId: undefined,
          scheduleId: undefined,
          urlGroup: undefined,
          retried: undefined,
          callerIp: undefined,
          region: undefined,
          contentType: undefined
        })
      })
    )

    it.effect("takes the body's hash with and without padding, nbf as 0 and as iat, and an empty aud", () =>
      Effect.gen(function* () {
        yield* verify(delivery(token({ ...claims, body: bodyHash(body) })))
        yield* verify(delivery(token({ ...claims, nbf: issuedAt })))
        yield* verify(delivery(token({ ...claims, aud: "" })))
        yield* verify(delivery(token(claims, { header: { typ: "JWT", alg: "HS256", kid: "1" } })))
      })
    )

    it.effect("does without iat and jti", () =>
      Effect.gen(function* () {
        const { iat: _iat, jti: _jti, ...rest } = claims
        const { signed } = yield* verify(delivery(token(rest)))
        strictEqual(signed.tokenId, undefined)
        strictEqual(signed.issuedAt, undefined)
      })
    )

    it.effect("takes an empty body", () =>
      Effect.gen(function* () {
        const empty = new Uint8Array(0)
        const signature = token({ ...claims, body: bodyHash(empty) })
        yield* verify({ ...delivery(signature), body: empty })
        assertEquals(yield* Effect.flip(verify(delivery(signature))), new DeliveryBodyMismatch())
      })
    )

    it.effect("takes a body that is a view of a larger buffer, shared memory too", () =>
      Effect.gen(function* () {
        for (const buffer of [new ArrayBuffer(64), new SharedArrayBuffer(64)]) {
          const view = new Uint8Array(buffer, 9, body.length)
          view.set(body)
          yield* verify({ ...delivery(), body: view })
        }
      })
    )

    it.effect("misses the header when it is absent or empty", () =>
      Effect.gen(function* () {
        for (const value of [undefined, "", [], [""]]) {
          const request = {
            ...delivery(),
            headers: { "upstash-signature": value, "x-upstash-signature": token() }
          }
          assertEquals(yield* Effect.flip(verify(request)), new SignatureMissing())
        }
      })
    )

    it.effect("refuses a signature that is given twice, even the same", () =>
      Effect.gen(function* () {
        for (const headers of [
          { "upstash-signature": [token(), token()] },
          { "upstash-signature": token(), "Upstash-Signature": token() },
          { "upstash-signature": ["", token()] },
          { "upstash-signature": `${token()}, ${token()}` }
        ]) {
          assertEquals(
            yield* Effect.flip(verify({ ...delivery(), headers })),
            new SignatureMalformed({ part: "token" })
          )
        }
      })
    )

    it.effect("refuses every algorithm but HS256, and what it would have to understand", () =>
      Effect.gen(function* () {
        const [header = "", payload = ""] = token(claims, { header: { alg: "none" } }).split(".")
        const headers = new SignatureMalformed({ part: "header" })
        assertEquals(yield* refusal(`${header}.${payload}.`), headers)
        assertEquals(yield* refusal(token(claims, { header: { alg: "HS384" }, hash: "sha384" })), headers)
        assertEquals(yield* refusal(token(claims, { header: { alg: "HS512" }, hash: "sha512" })), headers)
        for (const other of [
          { alg: "none" },
          { alg: "RS256", typ: "JWT" },
          { alg: "ES256" },
          { alg: "hs256" },
          { alg: ["HS256"] },
          { typ: "JWT" },
          { alg: "HS256", crit: ["b64"], b64: false },
          { alg: "HS256", crit: [] },
          { alg: "HS256", crit: null },
          "HS256",
          []
        ]) {
          assertEquals(yield* refusal(token(claims, { header: other })), headers)
        }
      })
    )

    it.effect("refuses a signature of another length than an HMAC's", () =>
      Effect.gen(function* () {
        const [header = "", payload = "", mac = ""] = token().split(".")
        for (const other of ["", "A", mac.slice(0, -1), `${mac}A`, mac + mac]) {
          assertEquals(
            yield* refusal(`${header}.${payload}.${other}`),
            new SignatureMalformed({ part: "signature" })
          )
        }
      })
    )

    it.effect("requires iss, sub, exp, nbf and body, each of its type", () =>
      Effect.gen(function* () {
        const malformed = new SignatureMalformed({ part: "claims" })
        for (const claim of ["iss", "sub", "exp", "nbf", "body"]) {
          assertEquals(yield* refusal(token({ ...claims, [claim]: undefined })), malformed)
          assertEquals(yield* refusal(token({ ...claims, [claim]: null })), malformed)
          assertEquals(yield* refusal(token({ ...claims, [claim]: [claims.exp] })), malformed)
        }
        for (const odd of [
          { exp: String(claims.exp) },
          { exp: claims.exp + 0.5 },
          { exp: -1 },
          { exp: 1e300 },
          { nbf: "0" },
          { iat: "1" },
          { jti: 7 },
          { sub: 7 },
          { body: "" },
          { body: `${bodyHash(body)}==` },
          { body: bodyHash(body).slice(1) },
          { body: `+${bodyHash(body).slice(1)}` }
        ]) {
          assertEquals(yield* refusal(token({ ...claims, ...odd })), malformed)
        }
        for (const odd of [null, [], "claims", 7]) {
          assertEquals(yield* refusal(token(odd)), malformed)
        }
        const header = base64url('{"alg":"HS256","typ":"JWT"}')
        for (const payload of [base64url("{"), base64url(body), "A", "____"]) {
          assertEquals(yield* refusal(sign(`${header}.${payload}`)), malformed)
        }
      })
    )

    it.effect("refuses a signature of a foreign key, before it looks at the claims", () =>
      Effect.gen(function* () {
        assertEquals(yield* refusal(token(claims, { key: "sig_other" })), new SignatureInvalid())
        assertEquals(yield* refusal(token(null, { key: "sig_other" })), new SignatureInvalid())
        assertEquals(
          yield* refusal(token(claims, { key: "7kYjw48mhY7kAjqNGcy6cr29RJ6r" })),
          new SignatureInvalid()
        )
      })
    )

    it.effect("takes the next key, and says the true reason whichever key signed", () =>
      Effect.gen(function* () {
        yield* verify(delivery(token(claims, { key: nextKey })))
        for (const key of [undefined, nextKey]) {
          const options = key === undefined ? {} : { key }
          assertInstanceOf(yield* refusal(token({ ...claims, exp: issuedAt }, options)), SignatureExpired)
          assertInstanceOf(
            yield* refusal(token({ ...claims, nbf: issuedAt + 9 }, options)),
            SignatureNotYetValid
          )
          assertInstanceOf(
            yield* refusal(token({ ...claims, iss: "Mallory" }, options)),
            SignatureWrongIssuer
          )
        }
      })
    )

    it.effect("follows a rotation once", () =>
      Effect.gen(function* () {
        const rotated = verifyWith(home, { currentSigningKey: keys.nextSigningKey })
        yield* rotated(delivery(token(claims, { key: nextKey })))
        assertEquals(yield* Effect.flip(rotated(delivery())), new SignatureInvalid())
      })
    )

    it.effect("takes a token from its first to its last millisecond", () =>
      Effect.gen(function* () {
        const receiver = yield* home.make(keys)
        const request = delivery(token({ ...claims, nbf: issuedAt }))
        const early = { notBefore: instant(issuedAt), now: DateTime.unsafeMake(issuedAt * 1000 - 1) }
        const late = { expiredAt: instant(issuedAt + 300), now: instant(issuedAt + 300) }

        yield* at(-0.001)
        assertEquals(yield* Effect.flip(receiver.verify(request)), new SignatureNotYetValid(early))
        yield* at(0)
        yield* receiver.verify(request)
        yield* at(299.999)
        yield* receiver.verify(request)
        yield* at(300)
        assertEquals(yield* Effect.flip(receiver.verify(request)), new SignatureExpired(late))
      })
    )

    it.effect("allows for clocks that are off by the tolerance, and no more", () =>
      Effect.gen(function* () {
        const receiver = yield* home.make({ ...keys, clockTolerance: "10 seconds" })
        const request = delivery(token({ ...claims, nbf: issuedAt }))
        yield* at(-10.001)
        assertInstanceOf(yield* Effect.flip(receiver.verify(request)), SignatureNotYetValid)
        yield* at(-10)
        yield* receiver.verify(request)
        yield* at(309.999)
        yield* receiver.verify(request)
        yield* at(310)
        assertInstanceOf(yield* Effect.flip(receiver.verify(request)), SignatureExpired)
      })
    )

    it.effect("binds the token to the URL as it is written", () =>
      Effect.gen(function* () {
        for (const other of [
          "https://api.example.com/jobs/weekly?tenant=7&dry=%2F",
          "https://api.example.com/jobs/nightly",
          "https://api.example.com/jobs/nightly?tenant=7&dry=/",
          "https://API.example.com/jobs/nightly?tenant=7&dry=%2F",
          "https://api.example.com:443/jobs/nightly?tenant=7&dry=%2F",
          `${url}/`,
          "/jobs/nightly?tenant=7&dry=%2F",
          ""
        ]) {
          assertInstanceOf(yield* Effect.flip(verify({ ...delivery(), url: other })), SignatureWrongSubject)
        }
      })
    )

    it.effect("knows that a URL without a path is called with a slash", () =>
      Effect.gen(function* () {
        for (const [subject, called, isTaken] of [
          ["https://api.example.com", "https://api.example.com/", true],
          ["https://api.example.com?a=1", "https://api.example.com/?a=1", true],
          ["https://api.example.com", "https://api.example.com", true],
          ["https://api.example.com", "https://api.example.com//", false],
          ["https://api.example.com", "https://api.example.com/a", false],
          ["https://api.example.com/a", "https://api.example.com/a/", false]
        ] as const) {
          const signed = { ...delivery(token({ ...claims, sub: subject })), url: called }
          const exit = yield* Effect.exit(verify(signed))
          strictEqual(exit._tag, isTaken ? "Success" : "Failure", `${subject} called as ${called}`)
        }
      })
    )

    it.effect("puts the public URL before the path that was called", () =>
      Effect.gen(function* () {
        const behindProxy = verifyWith(home, { subject: { publicUrl: "https://api.example.com/" } })
        for (const inside of [
          "http://10.0.0.7:3000/jobs/nightly?tenant=7&dry=%2F",
          "/jobs/nightly?tenant=7&dry=%2F",
          url
        ]) {
          yield* behindProxy({ ...delivery(), url: inside })
        }
        for (const inside of [
          "/jobs/weekly?tenant=7&dry=%2F",
          "jobs/nightly?tenant=7&dry=%2F",
          "http://10.0.0.7",
          ""
        ]) {
          assertInstanceOf(
            yield* Effect.flip(behindProxy({ ...delivery(), url: inside })),
            SignatureWrongSubject
          )
        }
        const stripping = verifyWith(home, { subject: { publicUrl: "https://api.example.com/jobs" } })
        yield* stripping({ ...delivery(), url: "/nightly?tenant=7&dry=%2F" })
      })
    )

    it.effect("takes the root of a mounted application with a slash at the end and without", () =>
      Effect.gen(function* () {
        const mounted = verifyWith(home, { subject: { publicUrl: "https://api.example.com/app" } })
        for (const [subject, called, isTaken] of [
          ["https://api.example.com/app", "/", true],
          ["https://api.example.com/app/", "/", true],
          ["https://api.example.com/app", "http://10.0.0.7:3000/", true],
          ["https://api.example.com/app?a=1", "/?a=1", true],
          ["https://api.example.com/app/?a=1", "/?a=1", true],
          ["https://api.example.com/app", "/?a=1", false],
          ["https://api.example.com/app?a=1", "/", false],
          ["https://api.example.com/app", "//", false],
          ["https://api.example.com/app", "/a", false],
          ["https://api.example.com/appa", "/a", false],
          ["https://api.example.com/app/a/", "/a", false],
          ["https://api.example.com/app/a", "/a/", false],
          ["https://api.example.com/", "/", false],
          ["https://api.example.com", "/", false]
        ] as const) {
          const signed = { ...delivery(token({ ...claims, sub: subject })), url: called }
          const exit = yield* Effect.exit(mounted(signed))
          strictEqual(exit._tag, isTaken ? "Success" : "Failure", `${subject} called as ${called}`)
        }
      })
    )

    it.effect("takes any URL only when told so", () =>
      Effect.gen(function* () {
        const anywhere = verifyWith(home, { subject: "any" })
        const { signed } = yield* anywhere({ ...delivery(), url: "https://elsewhere.example.com/" })
        strictEqual(signed.subject, url)
      })
    )

    it.effect("limits the body and the token before it reads them", () =>
      Effect.gen(function* () {
        const small = verifyWith(home, { maxBodyBytes: body.length })
        yield* small(delivery())
        assertEquals(
          yield* Effect.flip(small({ ...delivery("junk"), body: new Uint8Array(body.length + 1) })),
          new DeliveryTooLarge({ part: "body", size: body.length + 1, limit: body.length })
        )
        assertEquals(
          yield* refusal("A".repeat(16_385)),
          new DeliveryTooLarge({ part: "signature", size: 16_385, limit: 16_384 })
        )
        assertEquals(yield* refusal("A".repeat(16_384)), new SignatureMalformed({ part: "token" }))
      })
    )

    it.effect("gives errors that quote no secret, cut to a readable length", () =>
      Effect.gen(function* () {
        const long = "x".repeat(300)
        const secret = "hunter2"
        const errors = [
          yield* refusal(token({ ...claims, iss: `${long}${secret}` })),
          yield* refusal(
            token({ ...claims, sub: `https://user:${secret}@host.example.com/${long}?key=${secret}` })
          ),
          yield* refusal(token({ ...claims, sub: `https:\\\\user:${secret}@host.example.com/` })),
          yield* refusal(token({ ...claims, sub: `https:///user:${secret}@host.example.com/` })),
          yield* refusal(token({ ...claims, sub: `https://\tuser:${secret}@host.example.com/` })),
          yield* refusal(token({ ...claims, sub: secret })),
          yield* refusal(token({ ...claims, sub: `//user:${secret}@host.example.com/` })),
          yield* Effect.flip(verify({ ...delivery(), url: `/jobs/nightly?key=${secret}` })),
          yield* Effect.flip(
            verify({ ...delivery(), url: `https://user:p@${secret}@api.example.com/jobs/nightly` })
          ),
          yield* Effect.flip(verify({ ...delivery(), body: new TextEncoder().encode(secret) }))
        ]
        for (const error of errors) {
          const shown = `${error.message} ${JSON.stringify(error)} ${String(error)}`
          expect(shown).not.toContain(secret)
          expect(shown).not.toContain(token().slice(-20))
          expect(error.message.length).toBeLessThan(300)
        }
        strictEqual(
          errors[1]?.message,
          `The signature is for https://host.example.com/${"x".repeat(75)}…, but the URL passed to verify is https://api.example.com/jobs/nightly`
        )
        strictEqual(
          errors[7]?.message,
          "The signature is for https://api.example.com/jobs/nightly, but the URL passed to verify is /jobs/nightly. A path has no host: set the option subject: { publicUrl }"
        )
        strictEqual(
          errors[8]?.message,
          "The signature is for https://api.example.com/jobs/nightly, but with other credentials, another query or a different ending than the URL passed to verify"
        )
      })
    )

    it.effect("says which URL it expects, and where that comes from", () =>
      Effect.gen(function* () {
        const behindProxy = verifyWith(home, { subject: { publicUrl: "https://api.example.com/app" } })
        for (const [inside, message] of [
          [
            "http://10.0.0.7:3000/jobs/nightly",
            "The signature is for https://api.example.com/jobs/nightly, but this receiver expects https://api.example.com/app/jobs/nightly: its publicUrl plus the path that was called"
          ],
          [
            "jobs/nightly",
            "The signature is for https://api.example.com/jobs/nightly, but the URL passed to verify is text that is not a URL"
          ]
        ] as const) {
          const error = yield* Effect.flip(behindProxy({ ...delivery(), url: inside }))
          strictEqual(error.message, message)
        }
        const root = verifyWith(home, { subject: { publicUrl: "https://api.example.com" } })
        strictEqual(
          (yield* Effect.flip(root({ ...delivery(), url: "/jobs/nightly" }))).message,
          "The signature is for https://api.example.com/jobs/nightly, but with other credentials, another query or a different ending than this receiver expects"
        )
      })
    )

    it.effect("gives errors of the times that go through JSON and back", () =>
      Effect.gen(function* () {
        const Times = Schema.Union(SignatureExpired, SignatureNotYetValid)
        for (const times of [{ exp: issuedAt }, { nbf: issuedAt + 9 }]) {
          const error = yield* Schema.decodeUnknown(Schema.typeSchema(Times))(
            yield* refusal(token({ ...claims, ...times }))
          )
          const json = JSON.stringify(yield* Schema.encode(Times)(error))
          assertEquals(yield* Schema.decode(Schema.parseJson(Times))(json), error)
        }
      })
    )

    it.effect("has a status for each error that makes QStash try again", () =>
      Effect.gen(function* () {
        const statuses = [
          (yield* refusal("")).status,
          (yield* refusal("junk")).status,
          (yield* refusal(token(claims, { key: "sig_other" }))).status,
          (yield* refusal(token({ ...claims, exp: issuedAt }))).status,
          (yield* refusal(token({ ...claims, nbf: issuedAt + 9 }))).status,
          (yield* refusal(token({ ...claims, iss: "Mallory" }))).status,
          (yield* refusal(token({ ...claims, sub: "https://elsewhere.example.com/" }))).status,
          (yield* refusal(token({ ...claims, body: bodyHash(new Uint8Array(1)) }))).status,
          (yield* refusal("A".repeat(20_000))).status,
          new DeliveryMalformed({ part: "body", received: "String" }).status
        ]
        deepStrictEqual(statuses, [401, 400, 401, 401, 401, 401, 403, 400, 413, 500])
      })
    )

    it.effect("refuses options that would let anything pass", () =>
      Effect.gen(function* () {
        const empty = Redacted.make("")
        strictEqual(yield* refused({ ...keys, currentSigningKey: empty }), "currentSigningKey")
        strictEqual(yield* refused({ ...keys, nextSigningKey: empty }), "nextSigningKey")
        strictEqual(yield* refused({ ...keys, clockTolerance: Duration.infinity }), "clockTolerance")
        strictEqual(yield* refused({ ...keys, maxBodyBytes: Number.NaN }), "maxBodyBytes")
        strictEqual(yield* refused({ ...keys, maxBodyBytes: -1 }), "maxBodyBytes")
        for (const publicUrl of [
          "",
          "api.example.com",
          "ftp://api.example.com",
          "https://a.example.com/?b",
          "https://"
        ]) {
          strictEqual(yield* refused({ ...keys, subject: { publicUrl } }), "subject.publicUrl")
        }
      }).pipe(Effect.scoped)
    )
  })
}

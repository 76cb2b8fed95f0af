import { Receiver, ReceiverMisconfigured, VerifyError } from "@effect-qstash/receiver/plain"
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "@effect/vitest"
import { body, bodyHash, claims, currentKey, issuedAt, nextKey, token, url } from "./token.ts"

const keys = { currentSigningKey: currentKey, nextSigningKey: nextKey }
const receiver = new Receiver(keys)

const request = (headers: Record<string, string> = {}, signature: string = token()) =>
  new Request(url, {
    method: "POST",
    headers: { "Upstash-Signature": signature, ...headers },
    body: Uint8Array.from(body)
  })

/** A body that counts what was taken of it, and does not end. */
const endless = () => {
  const taken = { bytes: 0, isCancelled: false }
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      taken.bytes += 1000
      controller.enqueue(new Uint8Array(1000))
    },
    cancel: () => {
      taken.isCancelled = true
    }
  })
  const post = { method: "POST", body: stream, duplex: "half" } as const
  return {
    taken,
    post: (signature: string) => new Request(url, { ...post, headers: { "Upstash-Signature": signature } })
  }
}

beforeEach(() => {
  vi.setSystemTime((issuedAt + 1) * 1000)
})
afterEach(() => {
  vi.useRealTimers()
})

describe("a receiver without Effect", () => {
  it("takes a Request, and gives its body and the signed values", async () => {
    const { signed, unsigned } = await receiver.verify(
      request({ "upstash-message-id": "msg_1", "upstash-retried": "2" })
    )
    expect(signed).toEqual({
      subject: url,
      tokenId: claims.jti,
      issuedAt: new Date(issuedAt * 1000),
      notBefore: new Date(0),
      expiresAt: new Date((issuedAt + 300) * 1000),
      body
    })
    expect(unsigned).toMatchObject({ messageId: "msg_1", retried: 2, scheduleId: undefined })
  })

  it("takes a Request without a body", async () => {
    const signature = token({ ...claims, body: bodyHash(new Uint8Array()) })
    const { signed } = await receiver.verify(
      new Request(url, { headers: { "Upstash-Signature": signature } })
    )
    expect(signed.body).toEqual(new Uint8Array())
  })

  it("rejects with an Error that has the reason and a status", async () => {
    const error = await receiver.verify(new Request(url)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(VerifyError)
    expect(error).toMatchObject({
      name: "VerifyError",
      message: "The request has no Upstash-Signature header",
      status: 401,
      failure: { _tag: "SignatureMissing" }
    })
  })

  it("narrows the failure by its tag", () => {
    const { failure } = new VerifyError({ _tag: "SignatureExpired", expiredAt: 0, now: 1 })
    if (failure._tag === "SignatureExpired") expectTypeOf(failure.expiredAt).toEqualTypeOf<number>()
  })

  it("does not read the body if the token does not hold", async () => {
    const { post, taken } = endless()
    const unread = taken.bytes
    const forged = post(token(claims, { key: "sig_forged" }))
    await expect(receiver.verify(forged)).rejects.toMatchObject({ failure: { _tag: "SignatureInvalid" } })
    expect(forged.bodyUsed).toBe(false)
    expect(taken.bytes).toBeLessThanOrEqual(unread + 1000)
  })

  it("stops reading a body that is too long", async () => {
    const { post, taken } = endless()
    const small = new Receiver({ ...keys, maxBodyBytes: 2500 })
    await expect(small.verify(post(token()))).rejects.toMatchObject({
      status: 413,
      failure: { _tag: "DeliveryTooLarge", part: "body", size: 3000, limit: 2500 }
    })
    expect(taken.isCancelled).toBe(true)
    await expect(small.verify(request({ "content-length": "2501" }))).rejects.toMatchObject({
      failure: { _tag: "DeliveryTooLarge", size: 2501 }
    })
  })

  it("says that a body was read before", async () => {
    const used = request()
    await used.text()
    await expect(receiver.verify(used)).rejects.toThrow("but received one that was read before")
  })

  it("passes the error of a body that ends early on", async () => {
    const lost = new Error("connection lost")
    const stream = new ReadableStream({ start: (controller) => controller.error(lost) })
    const init = {
      method: "POST",
      body: stream,
      duplex: "half",
      headers: { "Upstash-Signature": token() }
    } as const
    await expect(receiver.verify(new Request(url, init))).rejects.toBe(lost)
  })

  it.each([
    [{ currentSigningKey: "" }, "currentSigningKey", "is empty, so anyone could sign"],
    [{ nextSigningKey: '"sig_1"' }, "nextSigningKey", "is in quotes, which are not part of a key"],
    [{ clockToleranceSeconds: 301 }, "clockToleranceSeconds", "is not a number from 0 to 300"],
    [{ clockToleranceSeconds: Number.NaN }, "clockToleranceSeconds", "is not a number from 0 to 300"],
    [{ maxBodyBytes: -1 }, "maxBodyBytes", "is not a number of at least 0"]
  ])("is not made with %j", (options, option, reason) => {
    const make = () => new Receiver({ ...keys, ...options })
    expect(make).toThrow(ReceiverMisconfigured)
    expect(make).toThrow(expect.objectContaining({ option, reason, name: "ReceiverMisconfigured" }))
  })
})

import { QStashReceiver, type QStashReceiverMisconfigured, type VerifyError } from "@effect-qstash/receiver"
import type { QStashReceiver as NodeQStashReceiver } from "@effect-qstash/receiver/node"
import { describe, expectTypeOf, it } from "@effect/vitest"
import type { ConfigError, Effect, Layer } from "effect"
import type { IncomingHttpHeaders } from "node:http"
import { keys } from "./homes.ts"
import { body, url } from "./token.ts"

type Verify = QStashReceiver.QStashReceiver.Service["verify"]

describe("types", () => {
  it("list every reason, and need nothing from the environment", () => {
    expectTypeOf<Effect.Effect.Error<ReturnType<Verify>>>().toEqualTypeOf<VerifyError>()
    expectTypeOf<Effect.Effect.Context<ReturnType<Verify>>>().toEqualTypeOf<never>()
    expectTypeOf<VerifyError["_tag"]>().toEqualTypeOf<
      | "SignatureMissing"
      | "SignatureMalformed"
      | "SignatureInvalid"
      | "SignatureExpired"
      | "SignatureNotYetValid"
      | "SignatureWrongIssuer"
      | "SignatureWrongSubject"
      | "DeliveryBodyMismatch"
      | "DeliveryTooLarge"
      | "DeliveryMalformed"
    >()
  })

  it("are the same for both entries", () => {
    expectTypeOf(QStashReceiver.layer(keys)).toEqualTypeOf<
      Layer.Layer<QStashReceiver.QStashReceiver, QStashReceiverMisconfigured>
    >()
    expectTypeOf(QStashReceiver.layerConfig()).toEqualTypeOf<
      Layer.Layer<QStashReceiver.QStashReceiver, ConfigError.ConfigError | QStashReceiverMisconfigured>
    >()
    expectTypeOf<typeof NodeQStashReceiver>().toEqualTypeOf<typeof QStashReceiver>()
  })

  it("do not let a caller forget the URL, nor pass a body as text", () => {
    expectTypeOf<{ headers: {}; body: Uint8Array }>().not.toExtend<Parameters<Verify>[0]>()
    expectTypeOf<{ headers: {}; url: string; body: string }>().not.toExtend<Parameters<Verify>[0]>()
    expectTypeOf({ headers: { a: "b", c: ["d"], e: undefined }, url, body }).toExtend<Parameters<Verify>[0]>()
    expectTypeOf<IncomingHttpHeaders>().toExtend<Parameters<Verify>[0]["headers"]>()
  })

  it("keep what is not signed out of what is", () => {
    type Signed = Effect.Effect.Success<ReturnType<Verify>>["signed"]
    expectTypeOf<keyof Signed>().toEqualTypeOf<
      "subject" | "tokenId" | "issuedAt" | "notBefore" | "expiresAt" | "body"
    >()
  })
})

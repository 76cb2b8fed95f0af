import * as DateTime from "effect/DateTime"
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
  SignatureWrongSubject,
  type VerifyError
} from "../VerifyError.ts"
import type { Failure } from "./failure.ts"

export const toVerifyError = (failure: Failure): VerifyError => {
  switch (failure._tag) {
    case "SignatureMissing":
      return new SignatureMissing()
    case "SignatureMalformed":
      return new SignatureMalformed(failure)
    case "SignatureInvalid":
      return new SignatureInvalid()
    case "SignatureExpired":
      return new SignatureExpired({ expiredAt: instant(failure.expiredAt), now: instant(failure.now) })
    case "SignatureNotYetValid":
      return new SignatureNotYetValid({ notBefore: instant(failure.notBefore), now: instant(failure.now) })
    case "SignatureWrongIssuer":
      return new SignatureWrongIssuer(failure)
    case "SignatureWrongSubject":
      return new SignatureWrongSubject(failure)
    case "DeliveryBodyMismatch":
      return new DeliveryBodyMismatch()
    case "DeliveryTooLarge":
      return new DeliveryTooLarge(failure)
    case "DeliveryMalformed":
      return new DeliveryMalformed(failure)
  }
}

const instant = (millis: number): DateTime.Utc => DateTime.unsafeMake(millis)

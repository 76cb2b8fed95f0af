import { SignatureClaims } from "@effect-qstash/domain/wire/SignatureClaims"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

const decode = Schema.decodeUnknownOption(Schema.parseJson(SignatureClaims))

/** The claims of a token, `undefined` where the text is not JSON or does not claim what it must. */
export const readClaims = (text: string | undefined): SignatureClaims | undefined =>
  text === undefined ? undefined : (readUsual(text) ?? Option.getOrUndefined(decode(text)))

/**
 * The claims as QStash writes them, all of them and each of the usual form. The schema takes longer than the HMAC, so it
 * is kept for tokens that are not like that, and has the last word: what passes here passes there as well.
 */
const readUsual = (text: string): SignatureClaims | undefined => {
  const json = parse(text)
  if (!Predicate.isRecord(json)) return undefined
  const { body, exp, iat, iss, jti, nbf, sub } = json
  return typeof iss === "string" &&
    typeof sub === "string" &&
    typeof jti === "string" &&
    typeof body === "string" &&
    isTime(exp) &&
    isTime(nbf) &&
    isTime(iat) &&
    paddedHash.test(body)
    ? { iss, sub, exp, nbf, iat, jti, body: body.slice(0, -1) }
    : undefined
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const paddedHash = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]=$/

const isTime = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 8_640_000_000_000

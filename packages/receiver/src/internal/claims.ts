/** The claims of a token, as domain's `SignatureClaims` reads them; a property test compares the two. */
export interface Claims {
  readonly iss: string
  readonly sub: string
  readonly exp: number
  readonly nbf: number
  readonly iat: number | undefined
  readonly jti: string | undefined
  /** Without padding. */
  readonly body: string
}

/** `undefined` where the text is not JSON or does not claim what it must. By hand: a schema takes longer than the HMAC. */
export const readClaims = (text: string | undefined): Claims | undefined => {
  const json = parseRecord(text)
  if (json === undefined) return undefined
  const { body, exp, iat, iss, jti, nbf, sub } = json
  return typeof iss === "string" &&
    typeof sub === "string" &&
    typeof body === "string" &&
    isTime(exp) &&
    isTime(nbf) &&
    (iat === undefined || isTime(iat)) &&
    (jti === undefined || typeof jti === "string") &&
    /^[\w-]{42}[AEIMQUYcgkosw048]=?$/.test(body)
    ? { iss, sub, exp, nbf, iat, jti, body: body.slice(0, 43) }
    : undefined
}

/** Whether a header of a token names HS256, and no extension (`crit`) that a receiver would have to know. */
export const isHs256 = (text: string | undefined): boolean => {
  const { alg, crit, typ } = parseRecord(text) ?? {}
  return alg === "HS256" && crit === undefined && (typ === undefined || typeof typ === "string")
}

const parseRecord = (text: string | undefined): Readonly<Record<string, unknown>> | undefined => {
  try {
    const json: unknown = JSON.parse(text ?? "")
    return isRecord(json) ? json : undefined
  } catch {
    return undefined
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<PropertyKey, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Whole seconds since 1970, up to the last that a date can hold. */
const isTime = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 8_640_000_000_000

/** Why a request is rejected, as a value that needs no library. Instants are milliseconds since 1970. */
export type Failure =
  | { readonly _tag: "SignatureMissing" }
  | { readonly _tag: "SignatureMalformed"; readonly part: "token" | "header" | "signature" | "claims" }
  | { readonly _tag: "SignatureInvalid" }
  | { readonly _tag: "SignatureExpired"; readonly expiredAt: number; readonly now: number }
  | { readonly _tag: "SignatureNotYetValid"; readonly notBefore: number; readonly now: number }
  | { readonly _tag: "SignatureWrongIssuer"; readonly issuer: string }
  | {
      readonly _tag: "SignatureWrongSubject"
      readonly subject: string
      readonly expected: string
      readonly source: "url" | "publicUrl"
    }
  | { readonly _tag: "DeliveryBodyMismatch" }
  | {
      readonly _tag: "DeliveryTooLarge"
      readonly part: "body" | "signature"
      readonly size: number
      readonly limit: number
    }
  | {
      readonly _tag: "DeliveryMalformed"
      readonly part: "headers" | "url" | "body"
      readonly received: string
    }

/** The HTTP status to respond with. A wrong argument is a bug in the application, so QStash tries again. */
export const statuses = {
  SignatureMissing: 401,
  SignatureMalformed: 400,
  SignatureInvalid: 401,
  SignatureExpired: 401,
  SignatureNotYetValid: 401,
  SignatureWrongIssuer: 401,
  SignatureWrongSubject: 403,
  DeliveryBodyMismatch: 400,
  DeliveryTooLarge: 413,
  DeliveryMalformed: 500
} as const

const malformed = {
  token: "is not one token of three base64url segments",
  header: "does not name HS256 without extensions in its header",
  signature: "does not end in the 32 bytes of an HMAC in canonical base64url",
  claims: "does not claim iss, sub, exp, nbf and body, each of its type"
} as const

const expectedTypes = {
  headers: "the headers as an object of strings (with Fetch: Object.fromEntries(request.headers))",
  url: "the URL as a string",
  body: "the raw body as a Uint8Array"
} as const

const iso = (millis: number): string => new Date(millis).toISOString()

export const messageOf = (failure: Failure): string => {
  switch (failure._tag) {
    case "SignatureMissing":
      return "The request has no Upstash-Signature header"
    case "SignatureMalformed":
      return `The Upstash-Signature ${malformed[failure.part]}`
    case "SignatureInvalid":
      return "Neither the current nor the next signing key made this signature"
    case "SignatureExpired":
      return `The signature expired at ${iso(failure.expiredAt)}; here it is ${iso(failure.now)}`
    case "SignatureNotYetValid":
      return `The signature is valid from ${iso(failure.notBefore)}; here it is ${iso(failure.now)}`
    case "SignatureWrongIssuer":
      return `The signature was issued by ${JSON.stringify(failure.issuer)}, not by "Upstash"`
    case "SignatureWrongSubject": {
      const { expected, source, subject } = failure
      if (subject === expected) {
        return `The signature is for ${subject}, but with other credentials, another query or a different ending than ${
          source === "publicUrl" ? "this receiver expects" : "the URL passed to verify"
        }`
      }
      if (source === "publicUrl") {
        return `The signature is for ${subject}, but this receiver expects ${expected}: its publicUrl plus the path that was called`
      }
      const hint = expected.startsWith("/")
        ? ". A path has no host: set the option subject: { publicUrl }"
        : ""
      return `The signature is for ${subject}, but the URL passed to verify is ${expected}${hint}`
    }
    case "DeliveryBodyMismatch":
      return "The body is not the one that was signed"
    case "DeliveryTooLarge": {
      const unit = failure.part === "body" ? "bytes" : "characters"
      return `The ${failure.part} has ${failure.size} ${unit}; the receiver takes at most ${failure.limit}`
    }
    case "DeliveryMalformed":
      return `verify needs ${expectedTypes[failure.part]}, but received ${failure.received}`
  }
}

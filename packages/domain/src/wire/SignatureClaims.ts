/**
 * What QStash signs: the token in `Upstash-Signature`, a compact JWS of three base64url segments, HS256 with the UTF-8
 * bytes of the whole signing key, its `sig_` included.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { partialTransform } from "../internal/effectSchema.ts"
import { utf8Bytes, utf8Text } from "../internal/utf8.ts"

/**
 * A JOSE header that leaves nothing to choose: HS256, and no extension (`crit`) that a verifier would have to know.
 *
 * @since 0.1.0
 * @category schemas
 */
export const JoseHeader = Schema.Struct({
  alg: Schema.Literal("HS256"),
  typ: Schema.optionalWith(Schema.String, { exact: true }),
  crit: Schema.optionalWith(Schema.Never, { exact: true })
}).annotations({ identifier: "JoseHeader" })

/**
 * @since 0.1.0
 * @category models
 */
export type JoseHeader = typeof JoseHeader.Type

/**
 * A SHA-256 digest, or a MAC made with it, as 43 characters of base64url without padding. The last character carries
 * only four bits; one that sets the two spare bits is refused, so that a digest has one spelling.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Sha256Text = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/)
).annotations({
  identifier: "Sha256Text"
})

/** QStash's samples pad the hash, its own receivers strip the padding: both are read, the padded form is written. */
const BodyHash = Schema.transform(Schema.String, Sha256Text, {
  strict: true,
  decode: (text) => (text.endsWith("=") ? text.slice(0, -1) : text),
  encode: (text) => `${text}=`
})

/** Whole seconds since 1970, up to the last that a date can hold. */
const NumericDate = Schema.Int.pipe(Schema.between(0, 8_640_000_000_000)).annotations({
  identifier: "NumericDate"
})

/**
 * The claims of a token under their JWT names; times are in seconds. `sub` is the URL of the delivery with its query,
 * `body` the SHA-256 of the raw body, `jti` the token's own id, another one for each attempt. `iat` and `jti` decide
 * nothing and may be absent; `aud`, which some tokens carry empty, is dropped.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SignatureClaims = Schema.Struct({
  iss: Schema.String,
  sub: Schema.String,
  exp: NumericDate,
  nbf: NumericDate,
  iat: Schema.optionalWith(NumericDate, { exact: true }),
  jti: Schema.optionalWith(Schema.String, { exact: true }),
  body: BodyHash
}).annotations({ identifier: "SignatureClaims" })

/**
 * @since 0.1.0
 * @category models
 */
export type SignatureClaims = typeof SignatureClaims.Type

/**
 * `Schema.StringFromBase64Url` drops a byte order mark and replaces invalid UTF-8, and other decoders keep them. Here the
 * mark stays, so JSON rejects it, and invalid UTF-8 is an error: every verifier comes to the same result.
 */
const TextFromBase64Url = partialTransform(Schema.Uint8ArrayFromBase64Url, Schema.String, {
  decode: utf8Text,
  encode: utf8Bytes,
  problem: () => "Expected UTF-8"
})

/**
 * The header as the first segment of a token.
 *
 * @since 0.1.0
 * @category schemas
 */
export const JoseHeaderSegment: Schema.Schema<JoseHeader, string> = Schema.compose(
  TextFromBase64Url,
  Schema.parseJson(JoseHeader)
)

/**
 * The claims as the second segment of a token.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SignatureClaimsSegment: Schema.Schema<SignatureClaims, string> = Schema.compose(
  TextFromBase64Url,
  Schema.parseJson(SignatureClaims)
)

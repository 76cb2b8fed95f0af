/**
 * What is the same in every token of QStash. Apart from the schemas, so that a receiver without Effect can import it.
 *
 * @since 0.1.0
 */

/**
 * The one value of the `iss` claim.
 *
 * @since 0.1.0
 * @category constants
 */
export const issuer = "Upstash"

/**
 * The seconds from `iat` to `exp`. QStash signs afresh for each attempt, so a retry never arrives with an old token.
 *
 * @since 0.1.0
 * @category constants
 */
export const lifetimeSeconds = 300

/**
 * The first segment of every token that QStash makes: `{"alg":"HS256","typ":"JWT"}` in base64url.
 *
 * @since 0.1.0
 * @category constants
 */
export const joseHeaderSegment = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

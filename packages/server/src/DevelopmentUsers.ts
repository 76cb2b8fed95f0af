/**
 * The users that QStash publishes for local development. Their tokens and keys are in its documentation and its clients,
 * so they are not secret and protect nothing. QStash publishes no read-only tokens: these are our own, in the same form,
 * base64 of `{"UserID":"defaultUser","Password":"readOnly"}`.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"

/**
 * An account of the server: all that it holds is its own, behind its own token, with its own signing keys.
 *
 * @since 0.1.0
 * @category models
 */
export interface User {
  /** Names the account; the tenant id of the engine. */
  readonly name: string
  /** What a client sends as `Authorization: Bearer`, or its hash. */
  readonly token: Redacted.Redacted | TokenHash
  /**
   * Reads everything that the account has. Every other call with it is refused with 403.
   *
   * @default none
   */
  readonly readOnlyToken?: Redacted.Redacted | undefined
  /** Signs the account's deliveries, until the keys are rotated. */
  readonly currentSigningKey: Redacted.Redacted
  /** Takes the current one's place at a rotation; receivers accept both. */
  readonly nextSigningKey: Redacted.Redacted
}

/**
 * Stands for a token, so that whoever reads the settings of a server cannot use it. Only for a token that was drawn at
 * random: one that somebody made up can be guessed from its hash.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenHash {
  /** The SHA-256 of the token in UTF-8, as 64 hexadecimal digits. */
  readonly sha256: string
}

/**
 * A {@link User} with a read-only token.
 *
 * @since 0.1.0
 * @category models
 */
export interface DevelopmentUser extends User {
  readonly token: Redacted.Redacted
  readonly readOnlyToken: Redacted.Redacted
}

const user = (
  name: string,
  token: string,
  readOnlyToken: string,
  currentSigningKey: string,
  nextSigningKey: string
): DevelopmentUser => ({
  name,
  token: Redacted.make(token),
  readOnlyToken: Redacted.make(readOnlyToken),
  currentSigningKey: Redacted.make(currentSigningKey),
  nextSigningKey: Redacted.make(nextSigningKey)
})

/**
 * The user that the official clients take in their development mode: they look for exactly these signing keys.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultUser: DevelopmentUser = user(
  "defaultUser",
  "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0=",
  "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoicmVhZE9ubHkifQ==",
  "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
  "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs"
)

/**
 * All four, {@link defaultUser} first.
 *
 * @since 0.1.0
 * @category constants
 */
export const developmentUsers: ReadonlyArray<DevelopmentUser> = [
  defaultUser,
  user(
    "testUser1",
    "eyJVc2VySUQiOiJ0ZXN0VXNlcjEiLCJQYXNzd29yZCI6InRlc3RQYXNzd29yZCJ9",
    "eyJVc2VySUQiOiJ0ZXN0VXNlcjEiLCJQYXNzd29yZCI6InJlYWRPbmx5In0=",
    "sig_7GVPjvuwsfqF65iC8fSrs1dfYruM",
    "sig_5NoELc3EFnZn4DVS5bDs2Nk4b7Ua"
  ),
  user(
    "testUser2",
    "eyJVc2VySUQiOiJ0ZXN0VXNlcjIiLCJQYXNzd29yZCI6InRlc3RQYXNzd29yZCJ9",
    "eyJVc2VySUQiOiJ0ZXN0VXNlcjIiLCJQYXNzd29yZCI6InJlYWRPbmx5In0=",
    "sig_6jWGaWRxHsw4vMSPJprXadyvrybF",
    "sig_7qHbvhmahe5GwfePDiS5Lg3pi6Qx"
  ),
  user(
    "testUser3",
    "eyJVc2VySUQiOiJ0ZXN0VXNlcjMiLCJQYXNzd29yZCI6InRlc3RQYXNzd29yZCJ9",
    "eyJVc2VySUQiOiJ0ZXN0VXNlcjMiLCJQYXNzd29yZCI6InJlYWRPbmx5In0=",
    "sig_5T8FcSsynBjn9mMLBsXhpacRovJf",
    "sig_7GFR4YaDshFcqsxWRZpRB161jguD"
  )
]

import { type Fault, faultsOf } from "../internal/fault.ts"

const inFile = faultsOf("QStashSigningKeys")

const memory = inFile("engine/src/MemoryStore.ts")
const service = inFile("engine/src/internal/services/signingKeys.ts")
const signer = inFile("engine/src/Signer.ts")
const record = inFile("domain/src/wire/SigningKeysRecord.ts")
const client = inFile("client/src/internal/services/signingKeys.ts")
const handlers = inFile("server/src/internal/routes/signingKeys.ts")

/** In the keys and their rotation. */
export const faults: ReadonlyArray<Fault> = [
  memory("rotation-keeps-current", "a rotation replaces only the next key", [
    "(tenant.signingKeys ?? initial).next, next",
    "(tenant.signingKeys ?? initial).current, next"
  ]),
  memory("rotation-forgotten", "a rotation starts from the initial keys", [
    "(tenant.signingKeys ?? initial).next",
    "(tenant.signingKeys ? { next } : initial).next"
  ]),
  service("rotation-unheard", "deliveries are signed with the old key after a rotation", [
    "forgetKeys(tenantId))",
    "undefined)"
  ]),
  service("next-key-fixed", "every rotation creates the same next key", [
    'Redacted.make(yield* ids.next("sig"))',
    'Redacted.make("sig_next")'
  ]),
  signer("signed-with-next", "deliveries are signed with the next key", [
    "Redacted.value(signingKeys.current)",
    "Redacted.value(signingKeys.next)"
  ]),
  record("keys-swapped", "the two keys are swapped on the wire", [
    "write(Redacted.value(value), json)",
    'id(name === "next" ? "current" : "next").write(Redacted.value(value), json)'
  ]),
  client("rotate-reads", "the client reads the keys instead of rotating them", [
    '{ method: "POST", target: "/v2/keys/rotate", isIdempotent: false }',
    '{ method: "GET", target: "/v2/keys" }'
  ]),
  handlers("served-rotation-reads", "the server reads the keys instead of rotating them", [
    "engine.signingKeys(tenant).rotate",
    "engine.signingKeys(tenant).get"
  ])
]

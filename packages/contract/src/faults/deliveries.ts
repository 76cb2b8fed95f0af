import * as Effect from "effect/Effect"
import { courierFaultsOf, type Fault, faultsOf, signerFaultsOf } from "../internal/fault.ts"

const inFile = faultsOf("QStashSchedules")

const signer = inFile("engine/src/Signer.ts")
const courier = inFile("server/src/UndiciCourier.ts")
const signerPort = signerFaultsOf("QStashSchedules")
const courierPort = courierFaultsOf("QStashSchedules")

/** In what a delivery sends, and how it is signed. */
export const faults: ReadonlyArray<Fault> = [
  signerPort("sub-without-query", "the signature leaves out the query", ({ sign }) => ({
    sign: (input) => sign({ ...input, url: input.url.replace(/\?.*/s, "") })
  })),
  signer("key-without-prefix", "the prefix of the key is cut off before signing", [
    "Redacted.value(signingKeys.current)",
    'Redacted.value(signingKeys.current).replace(/^sig_/, "")'
  ]),
  signerPort("hash-of-text", "the body hash is computed from the text", ({ sign }) => ({
    sign: (input) => sign({ ...input, body: new TextEncoder().encode(new TextDecoder().decode(input.body)) })
  })),
  signerPort("iat-in-millis", "the signature's times are in milliseconds", ({ sign }) => ({
    sign: (input) => sign({ ...input, nowMillis: input.nowMillis * 1000 })
  })),
  courier("path-decoded", "a delivery uses the decoded path", [
    "path: rawPath(request.url, url)",
    "path: decodeURI(url.pathname) + url.search"
  ]),
  courierPort("query-not-sent", "a delivery omits the query", ({ deliver }) => ({
    deliver: (request) => deliver({ ...request, url: request.url.replace(/\?.*/s, "") })
  })),
  courierPort("get-without-body", "a GET omits its body", ({ deliver }) => ({
    deliver: (request) => deliver(request.method === "GET" ? { ...request, body: new Uint8Array() } : request)
  })),
  courierPort("answer-headers-lost", "the headers of a worker's response are lost", ({ deliver }) => ({
    deliver: (request) =>
      Effect.map(deliver(request), (outcome) =>
        outcome._tag === "Answered" ? { ...outcome, headers: {} } : outcome
      )
  })),
  courierPort("post-always", "every delivery is a POST", ({ deliver }) => ({
    deliver: (request) => deliver({ ...request, method: "POST" })
  }))
]

import type { QStashSigningKeys } from "@effect-qstash/domain/QStashSigningKeys"
import * as SigningKeysRecord from "@effect-qstash/domain/wire/SigningKeysRecord"
import { type QStashHttp, withSpan } from "../http.ts"

export const makeSigningKeys = (http: QStashHttp): QStashSigningKeys.Service => ({
  get: http
    .json({ method: "GET", target: "/v2/keys" }, SigningKeysRecord.decode)
    .pipe(withSpan("QStashSigningKeys.get")),
  rotate: http
    .json({ method: "POST", target: "/v2/keys/rotate", isIdempotent: false }, SigningKeysRecord.decode)
    .pipe(withSpan("QStashSigningKeys.rotate"))
})

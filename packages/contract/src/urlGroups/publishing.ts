import { DlqId } from "@effect-qstash/domain/DlqId"
import { QStashUrlGroups } from "@effect-qstash/domain/QStashUrlGroups"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { callbackBody } from "../internal/callbacks.ts"
import { headerOf, idOf, only, secondsAfter, settle, textOf } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import {
  endpointWith,
  getMessage,
  lettersOf,
  makeGroup,
  publishToGroup,
  statesOf
} from "../internal/sending.ts"
import { checkSignature } from "../internal/signature.ts"

export const publishing = chapter("publishing", ({ timed }) => {
  timed("publishing to a group sends one message per endpoint and returns them in order", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const urls = ["b", "a", "c"].map((name) => `${endpoint.url}/${name}`)
      const [first = "", ...rest] = urls
      const urlGroup = yield* makeGroup({ url: first }, ...rest.map((url) => ({ url })))
      const published = yield* publishToGroup(urlGroup, {
        method: "PUT",
        body: "hello",
        headers: { "X-Kind": "a" }
      })
      deepStrictEqual(
        published.map(({ url }) => url),
        urls
      )
      strictEqual(new Set(published.map(({ messageId }) => messageId)).size, 3)
      yield* settle(time)
      const deliveries = yield* endpoint.deliveries
      deepStrictEqual(
        deliveries.map((delivery) => [delivery.url, idOf(delivery)]),
        published.map(({ messageId, url }) => [url, messageId])
      )
      for (const delivery of deliveries) {
        strictEqual(delivery.method, "PUT")
        strictEqual(textOf(delivery), "hello")
        strictEqual(headerOf(delivery, "X-Kind"), "a")
        strictEqual(headerOf(delivery, "Upstash-Topic-Name"), urlGroup)
        strictEqual(checkSignature(delivery, time.signingKeys.current).sub, delivery.url)
      }
    })
  )

  timed("publishing to a group with one endpoint returns a list too", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const urlGroup = yield* makeGroup({ url: endpoint.url })
      const published = only(yield* publishToGroup(urlGroup))
      strictEqual(published.isDeduplicated, false)
      yield* settle(time)
      strictEqual(idOf(only(yield* endpoint.deliveries)), published.messageId)
    })
  )

  timed("a group message names its group and endpoint", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500)
      const urlGroup = yield* makeGroup(
        { url: `${endpoint.url}/a`, name: "First endpoint" },
        { url: `${endpoint.url}/b` }
      )
      const [named, nameless] = yield* publishToGroup(urlGroup, { delay: "1 hour" })
      assertTrue(named !== undefined && nameless !== undefined)
      const first = yield* getMessage(named.messageId)
      strictEqual(first.urlGroup, urlGroup)
      strictEqual(first.endpointName, "First endpoint")
      strictEqual(first.url, `${endpoint.url}/a`)
      const second = yield* getMessage(nameless.messageId)
      strictEqual(second.urlGroup, urlGroup)
      strictEqual(second.endpointName, undefined)
      strictEqual(second.url, `${endpoint.url}/b`)
    })
  )

  timed("each group message has its own retries and dead letter", (time) =>
    Effect.gen(function* () {
      const good = yield* time.endpoint
      const bad = yield* endpointWith(time, 500)
      const urlGroup = yield* makeGroup({ url: bad.url, name: "bad" }, { url: good.url, name: "good" })
      const now = yield* time.now
      const [failed, delivered] = yield* publishToGroup(urlGroup, { retries: 1 })
      assertTrue(failed !== undefined && delivered !== undefined)
      yield* time.advance("1 hour")
      deepStrictEqual(secondsAfter(now, yield* good.deliveries), [0])
      deepStrictEqual(secondsAfter(now, yield* bad.deliveries), [0, 12])
      const letter = only(yield* lettersOf(failed.messageId))
      strictEqual(letter.urlGroup, urlGroup)
      strictEqual(letter.endpointName, "bad")
      deepStrictEqual(yield* lettersOf(delivered.messageId), [])
      strictEqual((yield* statesOf(delivered.messageId)).at(-1), "DELIVERED")
    })
  )

  timed("a callback about a group message names the group and endpoint", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500)
      const callback = yield* time.endpoint
      const failureCallback = yield* time.endpoint
      const urlGroup = yield* makeGroup({ url: endpoint.url, name: "First endpoint" })
      const published = only(
        yield* publishToGroup(urlGroup, {
          retries: 0,
          callback: callback.url,
          failureCallback: failureCallback.url
        })
      )
      yield* settle(time)
      const letter = only(yield* lettersOf(published.messageId))
      for (const [{ deliveries }, dlqId] of [
        [callback, undefined],
        [failureCallback, letter.dlqId]
      ] as const) {
        const delivery = only(yield* deliveries)
        const body = callbackBody(delivery)
        strictEqual(body.topicName, urlGroup)
        strictEqual(body.endpointName, "First endpoint")
        strictEqual(body.url, endpoint.url)
        strictEqual(body.dlqId === undefined ? undefined : DlqId.make(body.dlqId), dlqId)
        strictEqual(headerOf(delivery, "Upstash-Topic-Name"), undefined)
      }
    })
  )

  timed("publishing uses the group's endpoints at that moment", (time) =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const before = yield* time.endpoint
      const after = yield* time.endpoint
      const urlGroup = yield* makeGroup({ url: before.url })
      yield* publishToGroup(urlGroup, { delay: "1 minute", body: "1" })
      yield* groups.upsertEndpoints(urlGroup, [{ url: after.url }])
      yield* groups.removeEndpoints(urlGroup, [{ url: before.url }])
      yield* publishToGroup(urlGroup, { delay: "1 minute", body: "2" })
      yield* time.advance("1 hour")
      deepStrictEqual((yield* before.deliveries).map(textOf), ["1"])
      deepStrictEqual((yield* after.deliveries).map(textOf), ["2"])
    })
  )

  timed("a group message is delivered even if the group is deleted first", (time) =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const endpoint = yield* endpointWith(time, 500, 200)
      const urlGroup = yield* makeGroup({ url: endpoint.url })
      const now = yield* time.now
      yield* publishToGroup(urlGroup)
      yield* settle(time)
      yield* groups.delete(urlGroup)
      yield* time.advance("1 hour")
      const deliveries = yield* endpoint.deliveries
      deepStrictEqual(secondsAfter(now, deliveries), [0, 12])
      deepStrictEqual(
        deliveries.map((delivery) => headerOf(delivery, "Upstash-Topic-Name")),
        [urlGroup, urlGroup]
      )
    })
  )
})

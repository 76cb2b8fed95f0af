import { it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Inspectable, Predicate, Redacted } from "effect"
import { advance, call, exchange, field, logsInto, type Reply, serve, worker } from "./support.ts"

const secret = "planted-secret"
const user = {
  name: "me",
  token: Redacted.make(`${secret}-token`),
  currentSigningKey: Redacted.make(`${secret}-key`),
  nextSigningKey: Redacted.make(`${secret}-next-key`)
}
const metrics = Redacted.make(`${secret}-metrics`)

it.scopedLive(
  "no token, key, body, header value, credential or query is logged, or repeated in a refusal",
  () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const replies: Array<Reply | string> = []
      const rotatedKeys: Array<unknown> = []
      yield* Effect.gen(function* () {
        const server = yield* serve({
          time: "virtual",
          users: [user],
          metrics,
          logFields: true,
          maxBodyBytes: 1000
        })
        strictEqual(Inspectable.toStringUnknown(server).includes(secret), false)
        const { port } = server
        const { port: there } = yield* worker((response, one) => {
          if (one.target.startsWith("/destroyed")) response.destroy()
          else
            response.writeHead(one.target.startsWith("/ok") ? 200 : 500, { "X-Answer": secret }).end(secret)
        })
        const authorized = {
          Authorization: `Bearer ${Redacted.value(user.token)}`,
          "Upstash-Cron": "0 0 1 1 *",
          "Upstash-Retries": "1",
          "Upstash-Forward-Authorization": secret,
          "Content-Type": "text/plain"
        }
        const { "Upstash-Cron": _, ...published } = authorized
        const send = (
          method: string,
          target: string,
          headers: Readonly<Record<string, string>> = authorized,
          body = secret
        ) =>
          Effect.tap(call(port, method, target, { headers, body }), (reply) =>
            Effect.sync(() => replies.push(reply))
          )

        for (const destination of [
          `http://user:${secret}@127.0.0.1:${there}/ok?${secret}`,
          `http://${secret}@127.0.0.1:${there}/fails?token=${secret}`,
          `http://user:${secret}@127.0.0.1:${there}/destroyed?${secret}`,
          `http://user:${secret}@127.0.0.1:1/refused?${secret}`,
          `http://user:${secret}@nowhere.invalid/?${secret}`
        ]) {
          strictEqual((yield* send("POST", `/v2/schedules/${destination}`)).status, 200)
          strictEqual((yield* send("POST", `/v2/publish/${destination}`, published)).status, 200)
          strictEqual((yield* send("PUT", `/v2/enqueue/q/${destination}`, published)).status, 200)
        }
        const destination = `http://user:${secret}@127.0.0.1:${there}/ok?${secret}`
        for (const [method, target, body, headers] of [
          [
            "GET",
            `/v2/publish/${destination}&qstash_token=${encodeURIComponent(Redacted.value(user.token))}`,
            "",
            {}
          ],
          ["POST", `/v2/publish/${destination.replace("//", "/")}`, secret, published],
          [
            "POST",
            `/v2/publish/${destination.replace("/ok", "/fails")}`,
            secret,
            {
              ...published,
              "Upstash-Callback": destination,
              "Upstash-Failure-Callback": destination,
              "Upstash-Callback-Forward-Authorization": secret
            }
          ],
          [
            "POST",
            "/v2/topics/g/endpoints",
            JSON.stringify({ endpoints: [{ url: destination }] }),
            published
          ],
          ["POST", "/v2/publish/g", secret, published],
          [
            "POST",
            "/v2/batch",
            JSON.stringify([
              { destination, body: secret, headers: { "Upstash-Forward-Authorization": secret } }
            ]),
            published
          ]
        ] as const) {
          strictEqual((yield* send(method, target, headers, body)).status, 200)
        }
        yield* send("GET", "/v2/schedules")
        yield* call(port, "POST", "/dev/clock/advance", {
          headers: authorized,
          body: '{"duration":"366 days"}'
        })

        const query = encodeURIComponent(Redacted.value(user.token))
        for (const [method, target, headers] of [
          ["GET", `/v2/keys?qstash_token=${query}x`, {}],
          ["GET", "/v2/keys", { Authorization: `Bearer ${secret}` }],
          ["GET", "/v2/keys", { Authorization: `Basic ${secret}` }],
          ["GET", "/metrics", { Authorization: `Bearer ${secret}` }],
          ["GET", `/metrics?qstash_token=${query}`, {}],
          ["GET", "/v2/keys", { Authorization: `Bearer ${Redacted.value(metrics)}` }],
          ["GET", "/v2/schedules/absent", authorized],
          ["POST", `/v2/publish/https://user:${secret}@example.com/?${secret}`, authorized],
          ["POST", `/${secret.repeat(3)}`, authorized],
          ["GET", `/v2/schedules/https://user:${secret}@example.com/?${secret}`, authorized],
          ["POST", `/v2/schedules/https%3A%2F%2Fuser%3A${secret}%40example.com`, authorized],
          [
            "POST",
            `/v2/schedules/https://user:${secret}@exa mple.com/?${secret}`.replace(" ", "%20"),
            authorized
          ],
          [
            "POST",
            `/v2/schedules/https://user:${secret}@example.com/?${secret}`,
            { ...authorized, "Upstash-Cron": "x" }
          ],
          [
            "POST",
            "/v2/schedules/https://example.com",
            { ...authorized, "Upstash-Callback": `https://u:${secret}@[/` }
          ],
          ["POST", `/v2/publish/https:/user:${secret}@example.com/%zz?${secret}`, authorized],
          ["POST", `/v2/publish/https:user:${secret}@example.com`, published],
          ["POST", `/v2/enqueue/q:x/https://user:${secret}@[/?${secret}`, published],
          ["POST", "/v2/batch", published],
          ["POST", "/v2/queues", published],
          ["DELETE", "/v2/messages", published],
          ["POST", "/v2/dlq/retry/1-0", published],
          ["PATCH", "/v2/flowControl/k/pause", published],
          ["POST", "/v2/schedules/https://example.com", { ...authorized, "Upstash-Redact-Fields": "x" }],
          ["GET", "/v2/keys", { ...authorized, Host: "attacker.example" }],
          ["GET", "/v2/keys", { ...authorized, Origin: "https://attacker.example" }]
        ] as const) {
          const { status } = yield* send(method, target, headers)
          assertTrue(status >= 400, `${status} for ${method} ${target}`)
        }
        strictEqual(
          (yield* send("POST", "/v2/schedules/https://example.com", authorized, secret.repeat(100))).status,
          413
        )
        for (const [method, target, body] of [
          ["POST", "/v2/topics/h/endpoints", { endpoints: [{ url: `https://u:${secret}@[/?${secret}` }] }],
          ["POST", "/v2/batch", [{ destination: `https://u:${secret}@[/?${secret}`, body: secret }]],
          ["POST", "/v2/batch", [{ destination: "https://a.b", body: { secret } }]],
          [
            "POST",
            "/v2/batch",
            [
              {
                destination: "https://a.b",
                headers: { "Upstash-Forward-X": `${secret}\n`, "Upstash-Retries": "0" }
              }
            ]
          ],
          ["DELETE", "/v2/messages", { url: { [secret]: secret } }]
        ] as const) {
          const { status } = yield* send(method, target, published, JSON.stringify(body))
          strictEqual(status, 400, `${method} ${target}`)
        }
        const measured = yield* send(
          "GET",
          "/metrics",
          { Authorization: `Bearer ${Redacted.value(metrics)}` },
          ""
        )
        strictEqual(measured.status, 200)
        strictEqual(measured.text.includes(secret), false)
        const rotated = yield* call(port, "POST", "/v2/keys/rotate", { headers: published })
        rotatedKeys.push(field(rotated.json, "next"))
        strictEqual(rotatedKeys.filter(Predicate.isString).length, 1)
        replies.push(
          yield* exchange(
            port,
            `GET /${secret} HTTP/1.1\r\nAuthorization: ${secret}\r\nBad Header: ${secret}\r\n\r\n`
          )
        )
        yield* advance(port, "1 days").pipe(Effect.sandbox, Effect.flip)
      }).pipe(Effect.provide(logsInto(lines)))

      assertTrue(lines.length > 25)
      for (const text of [
        "delivered, 200",
        "failed for good",
        "refused the connection",
        "could not be resolved",
        "closed the connection"
      ]) {
        assertTrue(
          lines.some((line) => line.includes(text)),
          text
        )
      }
      deepStrictEqual(
        lines.filter((line) => [secret, ...rotatedKeys].some((text) => line.includes(String(text)))),
        []
      )
      for (const reply of replies) {
        const text = typeof reply === "string" ? reply : JSON.stringify(reply)
        const isRefusal = typeof reply === "string" || reply.status >= 400
        if (isRefusal) assertTrue(!text.includes(secret), text)
        assertTrue(
          !text.includes(Redacted.value(user.token)) && !text.includes(Redacted.value(user.currentSigningKey))
        )
      }
    })
)

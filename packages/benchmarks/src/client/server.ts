/**
 * The server of the client's benchmark, in a process of its own. It responds from memory, so
 * that the client is what takes time.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { batchSize, body, cron, destination, listSizes, scheduleId, tokenFor } from "./tasks.ts"

const recordOf = (id: string) => ({
  scheduleId: id,
  cron,
  createdAt: 1_767_225_600_000,
  destination,
  method: "POST",
  header: { "Content-Type": ["application/json"], "X-Tenant": ["acme"] },
  body,
  retries: 3,
  callerIP: "203.0.113.7",
  isPaused: false,
  nextScheduleTime: 1_767_326_400_000,
  lastScheduleTime: 1_767_240_000_000,
  lastScheduleStates: { msg_7YoJxFpwkEy5zBp378JgvD6YBDPBEqkBPje2JGTCEUiASMJQ1FwY9: "SUCCESS" }
})

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const one = json(recordOf(scheduleId))
const created = json({ scheduleId })
const published = json({ messageId: "msg_7YoJxFpwkEy5zBp378JgvD6YBDPBEqkBPje2JGTCEUiASMJQ1FwY9" })
const batch = json(Array.from({ length: batchSize }, (_, index) => ({ messageId: `msg_${index}` })))
const lists = new Map(
  listSizes.map((size) => [
    `Bearer ${tokenFor(size)}`,
    json(Array.from({ length: size }, (_, index) => recordOf(`schedule-${index}`)))
  ])
)

const answerTo = ({ headers, method, url = "" }: IncomingMessage): Buffer => {
  if (url === "/v2/schedules") return lists.get(headers.authorization ?? "") ?? one
  if (url === "/v2/batch") return batch
  if (url.startsWith("/v2/publish/")) return published
  if (url.endsWith("/resume")) return Buffer.alloc(0)
  return method === "GET" ? one : created
}

const reply = (response: ServerResponse, answer: Buffer): void => {
  response.writeHead(200, { "content-type": "application/json", "content-length": answer.length })
  response.end(answer)
}

const server = createServer((request, response) => {
  const answer = answerTo(request)
  if (request.method === "GET") return reply(response, answer)
  request.resume()
  request.on("end", () => reply(response, answer))
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.send?.(typeof address === "object" ? address?.port : undefined)
})

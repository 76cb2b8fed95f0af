/** A worker with the official receiver, on Node's own server. */
import { Receiver } from "@upstash/qstash"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { signingKeys, url } from "./deliveries.ts"
import { answerParent } from "./worker.ts"

const receiver = new Receiver(signingKeys)

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const work = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await bodyOf(request)
  const signature = String(request.headers["upstash-signature"])
  if (!(await receiver.verify({ signature, body, url }).catch(() => false))) {
    response.writeHead(401).end()
    return
  }
  const payload: { readonly tenant: string } = JSON.parse(body)
  response.writeHead(200, { "content-type": "application/json" })
  response.end(JSON.stringify({ isSent: payload.tenant !== "" }))
}

const server = createServer((request, response) => void work(request, response))
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  answerParent(typeof address === "object" ? address?.port : undefined)
})

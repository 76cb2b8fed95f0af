/** The same with BullMQ on a Redis that writes to the disk before it responds: `bullmqSide PORT MESSAGES`. */
import { Queue, Worker } from "bullmq"
import { Redis } from "ioredis"
import { bodyBytes, byCallers, perSecond, type Rates } from "./rates.ts"

const [port = "", messages = ""] = process.argv.slice(2)
const count = Number(messages)
const connection = new Redis(Number(port), "127.0.0.1", { maxRetriesPerRequest: null })
const queue = new Queue("bench", { connection })
const data = { body: "x".repeat(bodyBytes) }

const add = (): Promise<unknown> => queue.add("job", data, { removeOnComplete: true })

/** Works on jobs until so many are done. */
const work = async (wanted: number): Promise<void> => {
  let done = 0
  const worker = new Worker("bench", async () => {}, { connection, concurrency: 100 })
  await new Promise<void>((resolve) => {
    worker.on("completed", () => {
      done += 1
      if (done === wanted) resolve()
    })
  })
  await worker.close()
}

await Promise.all([byCallers(Math.ceil(count / 10), add), work(Math.ceil(count / 10))])
const rates: Rates = {
  accepted: await perSecond(count, () => byCallers(count, add)),
  drained: await perSecond(count, () => work(count)),
  endToEnd: await perSecond(count, () => Promise.all([byCallers(count, add), work(count)]))
}
process.send?.(rates)
process.exit()

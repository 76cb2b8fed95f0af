import { QueueName } from "@effect-qstash/domain/QueueName"
import type { StoredQueue } from "@effect-qstash/engine/Rows"
import { type Int, intOf } from "./Database.ts"

export interface QueueRow {
  readonly name: string
  readonly created_at: Int
  readonly updated_at: Int
  readonly parallelism: Int
  readonly is_paused: number
  readonly lag: Int
}

export const queueColumns = "q.name, q.created_at, q.updated_at, q.parallelism, q.is_paused, q.lag"

export const queueOf = (row: QueueRow): StoredQueue => ({
  queueName: QueueName.make(row.name, { disableValidation: true }),
  createdAt: intOf(row.created_at),
  updatedAt: intOf(row.updated_at),
  parallelism: intOf(row.parallelism),
  isPaused: row.is_paused === 1,
  lag: intOf(row.lag)
})

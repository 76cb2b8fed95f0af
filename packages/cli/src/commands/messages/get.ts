import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import * as MessageRecord from "@effect-qstash/domain/wire/MessageRecord"
import { messageCard } from "../../render/messages.ts"
import { getOne } from "../records.ts"
import { idArgument } from "./message.ts"

export const get = getOne({
  service: QStashMessages,
  argument: idArgument,
  encode: MessageRecord.encode,
  card: messageCard
})

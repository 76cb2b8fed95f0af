import type { Chapter } from "../internal/law.ts"
import { batching } from "./batching.ts"
import { callingBack } from "./callingBack.ts"
import { cancelling } from "./cancelling.ts"
import { deduplicating } from "./deduplicating.ts"
import { publishing } from "./publishing.ts"
import { reading } from "./reading.ts"
import { refusing } from "./refusing.ts"
import { selecting } from "./selecting.ts"
import { sharing } from "./sharing.ts"
import { slots } from "./slots.ts"

export const chapters: ReadonlyArray<Chapter> = [
  publishing,
  batching,
  deduplicating,
  reading,
  cancelling,
  selecting,
  callingBack,
  refusing,
  sharing,
  slots
]

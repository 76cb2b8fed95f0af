import type { Chapter } from "../internal/law.ts"
import { callingBack } from "./callingBack.ts"
import { creating } from "./creating.ts"
import { deleting } from "./deleting.ts"
import { delivering } from "./delivering.ts"
import { firing } from "./firing.ts"
import { overwriting } from "./overwriting.ts"
import { pausing } from "./pausing.ts"
import { reading } from "./reading.ts"
import { redacting } from "./redacting.ts"
import { refusing } from "./refusing.ts"
import { retrying } from "./retrying.ts"
import { sharing } from "./sharing.ts"

export const chapters: ReadonlyArray<Chapter> = [
  creating,
  reading,
  overwriting,
  pausing,
  deleting,
  firing,
  delivering,
  retrying,
  callingBack,
  redacting,
  refusing,
  sharing
]

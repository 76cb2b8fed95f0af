import type { Chapter } from "../internal/law.ts"
import { limiting } from "./limiting.ts"
import { pausing } from "./pausing.ts"
import { pinning } from "./pinning.ts"
import { reading } from "./reading.ts"
import { sharing } from "./sharing.ts"

export const chapters: ReadonlyArray<Chapter> = [limiting, reading, pausing, pinning, sharing]

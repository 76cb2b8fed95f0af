import type { Chapter } from "../internal/law.ts"
import { limiting } from "./limiting.ts"
import { managing } from "./managing.ts"
import { ordering } from "./ordering.ts"
import { pausing } from "./pausing.ts"
import { refusing } from "./refusing.ts"
import { sharing } from "./sharing.ts"

export const chapters: ReadonlyArray<Chapter> = [managing, ordering, limiting, pausing, refusing, sharing]

import type { Chapter } from "../internal/law.ts"
import { editing } from "./editing.ts"
import { publishing } from "./publishing.ts"
import { refusing } from "./refusing.ts"
import { scheduling } from "./scheduling.ts"
import { sharing } from "./sharing.ts"

export const chapters: ReadonlyArray<Chapter> = [editing, publishing, scheduling, refusing, sharing]

import type { Chapter } from "../internal/law.ts"
import { rotating } from "./rotating.ts"

export const chapters: ReadonlyArray<Chapter> = [rotating]

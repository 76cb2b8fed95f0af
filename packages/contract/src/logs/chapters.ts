import type { Chapter } from "../internal/law.ts"
import { listing } from "./listing.ts"
import { reading } from "./reading.ts"
import { sharing } from "./sharing.ts"
import { states } from "./states.ts"

export const chapters: ReadonlyArray<Chapter> = [states, reading, listing, sharing]

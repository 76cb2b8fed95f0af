import type { Chapter } from "../internal/law.ts"
import { deleting } from "./deleting.ts"
import { entering } from "./entering.ts"
import { listing } from "./listing.ts"
import { redacting } from "./redacting.ts"
import { retrying } from "./retrying.ts"
import { sharing } from "./sharing.ts"

export const chapters: ReadonlyArray<Chapter> = [entering, listing, deleting, retrying, redacting, sharing]

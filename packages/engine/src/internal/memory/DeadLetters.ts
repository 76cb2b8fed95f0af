import type { DlqId } from "@effect-qstash/domain/DlqId"
import type { Criteria } from "@effect-qstash/domain/input/Criteria"
import { deadLetterBytes } from "../../Sizes.ts"
import type { PageRequest, Retention, StoredDeadLetter } from "../../Rows.ts"
import { matchesDeadLetter } from "../../Matches.ts"

/** A dead letter with the number that it came with; numbers rise. */
export interface NumberedDeadLetter extends StoredDeadLetter {
  readonly number: number
}

interface Found {
  readonly items: ReadonlyArray<NumberedDeadLetter>
  /** The number of the last of them, where more would follow. */
  readonly last: number | undefined
}

type Place = Pick<NumberedDeadLetter, "dlqId" | "number">

/** The dead letters of one tenant, by id and in the order in which they came. */
export class DeadLetters {
  private readonly letters = new Map<string, NumberedDeadLetter>()
  /** Has places of letters that are gone, until they are more than half. */
  private order: Array<Place> = []
  /** How many at the beginning of the order are known to be gone. */
  private gone = 0
  private bytes = 0

  add(letter: NumberedDeadLetter): void {
    this.letters.set(letter.dlqId, letter)
    this.order.push({ dlqId: letter.dlqId, number: letter.number })
    this.bytes += deadLetterBytes(letter)
  }

  get(dlqId: DlqId): NumberedDeadLetter | undefined {
    return this.letters.get(dlqId)
  }

  delete(dlqId: DlqId): void {
    const letter = this.letters.get(dlqId)
    if (letter === undefined) return
    this.letters.delete(dlqId)
    this.bytes -= deadLetterBytes(letter)
    if (this.order.length > 2 * this.letters.size + 64) {
      this.order = this.order.filter((place) => this.letters.has(place.dlqId))
      this.gone = 0
    }
  }

  /** Forgets the oldest letters while they are too old, too many or too large. */
  keep({ before, maxBytes, maxEntries }: Retention): void {
    for (let place = this.order[this.gone]; place !== undefined; place = this.order[this.gone]) {
      const letter = this.letters.get(place.dlqId)
      const isOver = this.bytes > maxBytes || this.letters.size > maxEntries
      if (letter !== undefined && !isOver && letter.failedAt >= before) return
      this.gone += 1
      this.delete(place.dlqId)
    }
  }

  /** The part that is asked for, of the letters that match and came no later than the number `upTo`. */
  page({ after, count, criteria, maxBytes, order }: Omit<PageRequest, "tenantId">, upTo = Infinity): Found {
    const places = this.placesFor(criteria)
    const step = order === "earliestFirst" ? 1 : -1
    const items: Array<NumberedDeadLetter> = []
    let bytes = 0
    for (let index = startIn(places, after, order); index >= 0 && index < places.length; index += step) {
      const place = places[index]
      const letter = place === undefined ? undefined : this.letters.get(place.dlqId)
      if (letter === undefined || letter.number > upTo || !matchesDeadLetter(criteria, letter)) continue
      bytes += deadLetterBytes(letter)
      if (items.length === count || (items.length > 0 && bytes > maxBytes)) {
        return { items, last: items.at(-1)?.number }
      }
      items.push(letter)
    }
    return { items, last: undefined }
  }

  /** Letters that are named by their ids are looked up. */
  private placesFor({ dlqIds }: Criteria): ReadonlyArray<Place> {
    if (dlqIds === undefined) return this.order
    const named = new Set<NumberedDeadLetter>()
    for (const dlqId of dlqIds) {
      const letter = this.letters.get(dlqId)
      if (letter !== undefined) named.add(letter)
    }
    return Array.from(named).toSorted((one, other) => one.number - other.number)
  }
}

/** Where a page begins in places that are sorted by number. */
const startIn = (
  places: ReadonlyArray<Place>,
  after: number | undefined,
  order: PageRequest["order"]
): number => {
  const isEarliestFirst = order === "earliestFirst"
  if (after === undefined) return isEarliestFirst ? 0 : places.length - 1
  const isBefore = ({ number }: Place): boolean => (isEarliestFirst ? number <= after : number < after)
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const place = places[middle]
    if (place !== undefined && isBefore(place)) low = middle + 1
    else high = middle
  }
  return isEarliestFirst ? low : low - 1
}

/** The last instant that a `Date` can hold, in either direction. */
export const maxEpochMillis = 8_640_000_000_000_000

/** A period from `start` (inclusive) to `end` (exclusive) in which a zone keeps its offset. All in milliseconds. */
export interface Period {
  readonly start: number
  readonly end: number
  /** What to add to UTC to get the local time. */
  readonly offset: number
}

const hourLength = 3_600_000
const dayLength = 86_400_000
const windowLength = 2 ** 35

/**
 * How far apart offsets are compared, in milliseconds (3.1 days). A change that is undone within one step goes
 * unnoticed; the shortest ever, in any zone, lasted four days (Freetown, 1939).
 */
const stepLength = 2 ** 28

const maxWindows = 64

/** Writes an instant so that it ends in the zone's offset, such as `GMT+02:00`. */
type OffsetFormat = Pick<Intl.DateTimeFormat, "format">

/**
 * The offsets of one zone. `Intl` returns only the offset at one instant, in about a microsecond. So changes are
 * searched once for each window of some 400 days that is needed, and kept.
 */
export class TimeZone {
  readonly name: string
  readonly #format: OffsetFormat
  readonly #windows = new Map<number, ReadonlyArray<Period>>()
  #current: Period
  /** A period that is known to have no irregular change. */
  #regular: Pick<Period, "start" | "end">

  constructor(name: string, format: OffsetFormat, current: Period) {
    this.name = name
    this.#format = format
    this.#current = current
    this.#regular = current
  }

  /** The period that contains an instant. A long one may come in pieces: the next piece then has the same offset. */
  periodAt(instant: number): Period {
    if (instant < this.#current.start || instant >= this.#current.end) {
      this.#current = this.#find(instant)
    }
    return this.#current
  }

  /**
   * Whether all changes between two instants are regular: by one hour, on the full hour, and without skipping or
   * repeating midnight.
   */
  isRegular(from: number, until: number): boolean {
    if (from >= this.#regular.start && until < this.#regular.end) return true
    const first = this.#find(from)
    let last = first
    while (last.end <= until) {
      const next = this.#find(last.end)
      if (!isRegularChange(last, next)) return false
      last = next
    }
    this.#regular = { start: first.start, end: last.end }
    return true
  }

  #find(instant: number): Period {
    const index = Math.floor(instant / windowLength)
    let periods = this.#windows.get(index)
    if (periods === undefined) {
      if (this.#windows.size >= maxWindows) this.#windows.clear()
      periods = this.#scan(index * windowLength)
      this.#windows.set(index, periods)
    }
    let found = this.#current
    for (const period of periods) {
      found = period
      if (instant < period.end) break
    }
    return found
  }

  #scan(begin: number): ReadonlyArray<Period> {
    const end = begin + windowLength
    const periods: Array<Period> = []
    let start = begin
    let offset = this.#offsetAt(begin)
    for (let low = begin; low < end; low += stepLength) {
      const high = low + stepLength
      const highOffset = this.#offsetAt(high)
      while (offset !== highOffset) {
        const change = this.#firstChange(Math.max(low, start), high, offset)
        periods.push({ start, end: change, offset })
        start = change
        offset = this.#offsetAt(change)
      }
    }
    if (start < end) {
      periods.push({ start, end, offset })
    }
    return periods
  }

  /** Bisects for an instant in (low, high] at which the offset stops being the given one, which it is at `low`. */
  #firstChange(low: number, high: number, offset: number): number {
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (this.#offsetAt(middle) === offset) {
        low = middle
      } else {
        high = middle
      }
    }
    return high
  }

  #offsetAt(instant: number): number {
    const text = this.#format.format(Math.min(Math.max(instant, -maxEpochMillis), maxEpochMillis))
    const at = text.lastIndexOf("GMT") + 3
    const [hours = 0, minutes = 0, seconds = 0] = text
      .slice(at + 1)
      .split(":")
      .map(Number)
    return (text.charAt(at) === "-" ? -1000 : 1000) * (hours * 3600 + minutes * 60 + seconds)
  }
}

/** Whether a change is by one hour, on the full hour, and neither skips nor repeats midnight. */
export const isRegularChange = (before: Period, after: Period): boolean => {
  const low = after.start + Math.min(before.offset, after.offset)
  const high = after.start + Math.max(before.offset, after.offset)
  const hasMidnight = Math.ceil(low / dayLength) * dayLength < high
  return low === high || (high - low === hourLength && low % hourLength === 0 && !hasMidnight)
}

const always: Period = { start: -Infinity, end: Infinity, offset: 0 }
const never: Period = { start: 0, end: 0, offset: 0 }

const makeFormat = (name: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat("en-US", { timeZone: name, year: "numeric", timeZoneName: "longOffset" })

/** Coordinated Universal Time, which needs no table. Without `Intl`, whose first format takes 12 ms of the start. */
export const utc: TimeZone = new TimeZone("UTC", { format: () => "GMT" }, always)

const shape = /^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Z][A-Za-z0-9_+-]*)*$/

/**
 * Names that `Intl` knows and the IANA database does not. Go rejects them, and so must we, because `Intl` reads them
 * its own way: BST is the time of Bangladesh.
 */
const notIana: ReadonlySet<string> = new Set(
  "ACT AET AGT ART AST BET BST CAT CNT CST CTT EAT ECT IET IST JST MIT NET NST PLT PNT PRT PST SST VST".split(
    " "
  )
)

const isCandidate = (name: string): boolean =>
  name.length <= 64 && shape.test(name) && !notIana.has(name) && !name.startsWith("SystemV/")

/** Formats take some 25 kB each, so the cache is limited. A zone in use keeps its format. */
const maxZones = 256

const zones = new Map<string, TimeZone>()

const load = (name: string): TimeZone | undefined => {
  let format: Intl.DateTimeFormat
  try {
    format = makeFormat(name)
  } catch {
    return undefined
  }
  const canonical = format.resolvedOptions().timeZone
  if (canonical !== name && canonical.toLowerCase() === name.toLowerCase()) {
    return undefined
  }
  return new TimeZone(name, format, canonical === "UTC" ? always : never)
}

/**
 * The zone of an IANA name, or `undefined`. Go's database is case-sensitive and `Intl` is not: a name in the wrong case
 * is rejected, as far as `Intl` shows it. Never the machine's own zone, or a bare offset such as `+01:00`.
 */
export const timeZoneOf = (name: string): TimeZone | undefined => {
  if (name === utc.name) return utc
  const known = zones.get(name)
  if (known !== undefined) return known
  const zone = isCandidate(name) ? load(name) : undefined
  if (zone !== undefined) {
    if (zones.size >= maxZones) zones.clear()
    zones.set(name, zone)
  }
  return zone
}

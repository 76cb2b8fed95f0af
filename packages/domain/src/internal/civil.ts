/**
 * The proleptic Gregorian calendar on whole days since 1970-01-01. Integers only, and no allocation: `Date` would cost
 * more than all the rest of a search. The conversions are the well-known ones that count years from the first of March,
 * where the leap day is the last day of a year.
 */

const daysPerEra = 146_097

/** Days from 1970-01-01 to the given date, negative before it. */
export const dayOf = (year: number, month: number, day: number): number => {
  const shiftedYear = month > 2 ? year : year - 1
  const era = Math.floor(shiftedYear / 400)
  const yearOfEra = shiftedYear - era * 400
  const shiftedMonth = month > 2 ? month - 3 : month + 9
  const dayOfYear = (((153 * shiftedMonth + 2) / 5) | 0) + day - 1
  const dayOfEra = yearOfEra * 365 + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0) + dayOfYear
  return era * daysPerEra + dayOfEra - 719_468
}

/** Year, month and day in one integer, so that nothing is allocated: see `yearOf`, `monthOf` and `dayOfMonthOf`. */
export type PackedDate = number

/** The inverse of `dayOf`. */
export const dateOf = (day: number): PackedDate => {
  const shifted = day + 719_468
  const era = Math.floor(shifted / daysPerEra)
  const dayOfEra = shifted - era * daysPerEra
  const yearOfEra =
    ((dayOfEra - ((dayOfEra / 1460) | 0) + ((dayOfEra / 36_524) | 0) - ((dayOfEra / 146_096) | 0)) / 365) | 0
  const dayOfYear = dayOfEra - (365 * yearOfEra + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0))
  const shiftedMonth = ((5 * dayOfYear + 2) / 153) | 0
  const dayOfMonth = dayOfYear - (((153 * shiftedMonth + 2) / 5) | 0) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const year = yearOfEra + era * 400 + (month > 2 ? 0 : 1)
  return (year << 9) | (month << 5) | dayOfMonth
}

export const yearOf = (date: PackedDate): number => date >> 9

/** 1 to 12. */
export const monthOf = (date: PackedDate): number => (date >> 5) & 15

/** 1 to 31. */
export const dayOfMonthOf = (date: PackedDate): number => date & 31

/** 28 to 31; `month` is 1 to 12. */
export const daysInMonth = (year: number, month: number): number => {
  if (month === 2) {
    return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  }
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** 0 (Sunday) to 6. */
export const weekdayOf = (day: number): number => {
  const weekday = (day + 4) % 7
  return weekday < 0 ? weekday + 7 : weekday
}

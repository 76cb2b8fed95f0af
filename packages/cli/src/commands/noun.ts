/** The kind of thing that a command is about, and the key of its id in JSON. */
export interface Noun {
  readonly one: string
  readonly many: string
  readonly key: string
}

export const counted = (noun: Noun, count: number): string =>
  count === 1 ? `1 ${noun.one}` : `${count} ${noun.many}`

/** A verb at the beginning of a question. */
export const capitalised = (verb: string): string => verb.slice(0, 1).toUpperCase() + verb.slice(1)

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** Leaves out the keys without a value, so that an absent setting is an absent key. */
export const omitUndefined = <T extends object>(settings: T): Defined<T> =>
  // The one seam where the compiler cannot follow which entries stay.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  Object.fromEntries(Object.entries(settings).filter((entry) => entry[1] !== undefined)) as Defined<T>

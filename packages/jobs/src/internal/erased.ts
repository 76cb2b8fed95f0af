/**
 * The one place where types are taken away. A router holds jobs of many types in one list, and calls each job's functions
 * with what its own schema decoded. TypeScript cannot see through the list that the two belong together; `Job.make` and
 * `Jobs.toLayer` have checked it.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names both types
export const erased = <A, B>(typed: A): B =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  typed as unknown as B

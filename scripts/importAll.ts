/**
 * Imports each module that the first argument lists, tries each that the second lists, and prints what is not as it
 * should be. `checkPackages.ts` runs it within a project that has installed the packages.
 */
const [open = "[]", closed = "[]"] = process.argv.slice(2)

const modulesOf = (json: string): ReadonlyArray<string> => JSON.parse(json)

const refusalOf = (
  module: string
): Promise<{ readonly code?: string; readonly message: string } | undefined> =>
  import(module).then(
    () => undefined,
    (error) => error
  )

for (const module of modulesOf(open)) {
  const refusal = await refusalOf(module)
  if (refusal !== undefined) process.stdout.write(`${module} cannot be imported: ${refusal.message}\n`)
}
for (const module of modulesOf(closed)) {
  const refusal = await refusalOf(module)
  if (refusal?.code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") {
    process.stdout.write(`${module} can be imported, or fails in another way than by not being exported\n`)
  }
}

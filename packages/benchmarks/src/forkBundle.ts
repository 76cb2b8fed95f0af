import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"

/** Beside the sources, so that a bundle finds it under the same path. */
export const bundles = fileURLToPath(new URL("../build", import.meta.url))

/** Starts what `bundle` has made of a module. tsx would stay with a child, so it is left out. */
export const forkBundle = (name: string, args: ReadonlyArray<string>): ChildProcess =>
  fork(`${bundles}/${name}.js`, args, { execArgv: [] })

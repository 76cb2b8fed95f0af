import { fileURLToPath } from "node:url"
import { defineConfig, type Plugin } from "vitest/config"
import { faults, plant } from "../src/Faults.ts"

/** Plants one fault while the sources are loaded. The files do not change. */
const plantFault = (id: string | undefined): Plugin => {
  const fault = faults.find((known) => known.id === id)
  return {
    name: "plant-fault",
    enforce: "pre",
    transform: (code, file) =>
      fault !== undefined && file.endsWith(`/packages/${fault.file}`) ? plant(fault, code) : undefined
  }
}

export default defineConfig({
  plugins: [plantFault(process.env["MUTANT"])],
  test: {
    root: fileURLToPath(new URL("..", import.meta.url)),
    dir: fileURLToPath(new URL("../..", import.meta.url)),
    // One process loads the sources once for all homes.
    pool: "forks",
    isolate: false,
    poolOptions: { forks: { singleFork: true } }
  }
})

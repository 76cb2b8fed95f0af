import { defineConfig } from "vitest/config"
import projects from "./vitest.workspace.ts"

// Vitest leaves a processor free, which on a machine with two is half of it.
export default defineConfig({
  test: { projects, maxWorkers: "100%", testTimeout: 30_000 }
})

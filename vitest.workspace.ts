import type { TestProjectInlineConfiguration } from "vitest/config"

const packages = [
  "domain",
  "client",
  "engine",
  "receiver",
  "store-sql",
  "jobs",
  "server",
  "testing",
  "cli",
  "contract",
  "benchmarks",
  "examples"
]

/** One vitest project a package: `npx vitest run --project domain` runs the tests of one alone. */
const projects: Array<TestProjectInlineConfiguration> = packages.map((name) => ({
  extends: true,
  test: {
    name,
    root: `packages/${name}`,
    include: ["test/**/*.test.ts"]
  }
}))

export default projects

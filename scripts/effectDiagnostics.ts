/** Runs the Effect language service over every package, as `tsc` does for types, and prints what it finds fault with. */
import { execFile } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { progress, root } from "./running.ts"

const atOnce = 2

const projects = readdirSync(join(root, "packages"))
  .flatMap((name) => ["src", "test"].map((part) => `packages/${name}/tsconfig.${part}.json`))
  .filter((project) => existsSync(join(root, project)))

/** What is wrong with a project, one line each. */
const diagnose = (project: string): Promise<ReadonlyArray<string>> =>
  new Promise((resolve) => {
    // Without the empty language service configuration the tool checks only projects that name its plugin, and
    // passes over all others with success.
    const args = ["diagnostics", "--strict", "--format", "text", "--lspconfig", "{}", "--project", project]
    execFile(join(root, "node_modules/.bin/effect-tsgo"), args, { cwd: root }, (error, stdout, stderr) => {
      const lines = `${stdout}${stderr}`.replaceAll(root, "").split("\n")
      const diagnostics = lines.filter((line) => /^\S+\(\d+,\d+\): /.test(line))
      const isChecked = /^Checked [1-9]/m.test(stdout)
      resolve(
        diagnostics.length > 0 || (error === null && isChecked)
          ? diagnostics
          : [`${project} was not checked: ${error?.message ?? stdout}`]
      )
    })
  })

const queue = projects.values()
// A project checks the sources that it imports too, so one fault is found several times.
const faults = new Set(projects.length === 0 ? ["No project was found."] : [])

await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (const project of queue) {
      progress(`checking ${project}`)
      for (const fault of await diagnose(project)) faults.add(fault)
    }
  })
)

if (faults.size > 0) {
  process.stderr.write(`${[...faults].toSorted().join("\n")}\n`)
  process.exitCode = 1
}

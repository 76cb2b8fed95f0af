#!/usr/bin/env node
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { readFileSync } from "node:fs"
import process from "node:process"
import { run } from "./cli.ts"
import * as Shell from "./Shell.ts"

const manifest: { readonly version: string } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8")
)

/**
 * The machine's zone, or UTC. Some values of `TZ` make Node report no zone (`TZ=Foo/Bar`), or one that `Intl` rejects
 * when asked for it by name (`TZ=` and `TZ=Etc/Unknown` give "Etc/Unknown", `TZ=GMT+5` gives "GMT+05:00").
 */
const timeZone = DateTime.zoneMakeNamed(new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC").pipe(
  Option.getOrElse(() => DateTime.zoneUnsafeMakeNamed("UTC"))
)

const program = run(process.argv.slice(2), manifest).pipe(
  Effect.map((code) => {
    process.exitCode = code
  }),
  Effect.provide([Shell.layer, DateTime.layerCurrentZone(timeZone)])
)

/** What a shell gives for a program that Ctrl-C has stopped. */
const stopped = 130

let isOutputIncomplete = false

/**
 * Standard output may be on a full disk. Behind `head` it is closed early: whoever reads no further has seen enough. In
 * both cases the command goes on, since it may be in the middle of changing something.
 */
process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  if (code === "EPIPE" || isOutputIncomplete) return
  isOutputIncomplete = true
  process.stderr.write(`error: Standard output could not be written: ${message}.\n`)
})

/** Nobody reads errors any more, so there is nothing to report this to. */
process.stderr.on("error", () => {})

// A result that got lost is a failure. Node reports a failed write late, but not later than this.
process.on("exit", (code) => {
  if (code === 0 && isOutputIncomplete) process.exitCode = 1
})

const fiber = Effect.runFork(program)

const stop = (): void => {
  for (const signal of signals) process.off(signal, stop)
  fiber.unsafeInterruptAsFork(fiber.id())
}
const signals = ["SIGINT", "SIGTERM"] as const
for (const signal of signals) process.on(signal, stop)

// A fiber that only waits for another does not keep Node running.
const keepAlive = setInterval(() => {}, 2 ** 31 - 1)

fiber.addObserver((exit) => {
  clearInterval(keepAlive)
  const code = Number(process.exitCode ?? (Exit.isInterrupted(exit) ? stopped : 1))
  // What is still open after success, such as a pipe that is being written, may end by itself.
  if (code !== 0 || Exit.isInterrupted(exit)) process.exit(code)
  for (const signal of signals) process.off(signal, stop)
})

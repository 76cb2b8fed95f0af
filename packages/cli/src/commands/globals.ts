import * as LogLevel from "effect/LogLevel"
import type { Texts } from "../Command.ts"
import * as Flag from "../Flag.ts"

const levels: Readonly<Record<string, LogLevel.LogLevel>> = {
  all: LogLevel.All,
  trace: LogLevel.Trace,
  debug: LogLevel.Debug,
  info: LogLevel.Info,
  warning: LogLevel.Warning,
  error: LogLevel.Error,
  fatal: LogLevel.Fatal,
  none: LogLevel.None
}

const names = Object.keys(levels)

export const shells = ["bash", "zsh", "fish", "sh"] as const
export type ShellName = (typeof shells)[number]

export const help = Flag.toggle("help", "Show this, or the help of a command.", "h")

export const version = Flag.toggle("version", "Show the version.")

export const completions = Flag.choice(
  "completions",
  shells,
  "Print a script that completes commands and options.",
  "|"
)

export const logLevel = Flag.choice("log-level", names, "Log what happens on standard error.", "|")

export const levelOf = (texts: Texts): LogLevel.LogLevel | undefined => levels[texts.get(logLevel)?.[0] ?? ""]

/** The flags of every command, which may also stand before it. */
export const all = [help, version, completions, logLevel]

import { red, yellow } from "./text.ts"

export const pauseOf = ({ isPaused }: { readonly isPaused: boolean }): string =>
  isPaused ? "paused" : "active"

export const colourOfPause = (text: string): string => (text.startsWith("paused") ? yellow(text) : text)

/** What has gone wrong stands out, and so does what may yet. */
export const colourOfState = (text: string): string =>
  /^(?:FAILED|ERROR)\b/.test(text) ? red(text) : /^(?:RETRY|CANCEL)/.test(text) ? yellow(text) : text

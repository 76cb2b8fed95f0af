import { cpuMicros } from "../measure.ts"

/** Tells the parent the port, and the CPU time used so far whenever it asks. */
export const answerParent = (port: number | undefined): void => {
  process.on("message", () => process.send?.(cpuMicros()))
  process.send?.(port)
}

import { setTimeout } from "node:timers/promises"
import { type Callers, tenants } from "./callers.ts"
import { grace, type World } from "./World.ts"

/** Pauses and resumes a queue and a schedule through one server: the others must do as they are told. */
export const pauseAndResume = async (callers: Callers, world: World, port: number): Promise<void> => {
  const [tenant] = tenants
  if (tenant === undefined) return
  for (const [route, of] of [
    ["queues", `${tenant.name}-queue-1`],
    ["schedules", `${tenant.name}-0`]
  ]) {
    await callers.insist(port, tenant, "POST", `/v2/${route}/${of}/pause`)
    const from = performance.now()
    await setTimeout(grace + 2000)
    // What a server does that was asleep when it was told is old, not wrong.
    if (world.lastWake < from - grace) world.pauses.push({ of: of ?? "", from, to: performance.now() })
    await callers.insist(port, tenant, "POST", `/v2/${route}/${of}/resume`)
  }
}

/** Rotates the signing keys of the first tenant through one server. */
export const rotate = async (callers: Callers, world: World, port: number): Promise<void> => {
  const [tenant] = tenants
  if (tenant === undefined) return
  const read = async () => {
    const { text } = await callers.insist(port, tenant, "GET", "/v2/keys")
    const { current, next }: { readonly current: string; readonly next: string } = JSON.parse(text)
    // It may have been rotated although the call failed.
    if (world.keys.at(-1)?.key !== current) world.keys.push({ key: current, next, since: performance.now() })
  }
  if (world.keys.length === 0) await read()
  await callers.once(port, tenant, "POST", "/v2/keys/rotate", {}, undefined, 60_000).catch(() => undefined)
  await read()
}

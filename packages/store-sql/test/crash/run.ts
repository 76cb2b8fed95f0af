import { createServer } from "node:net"
import { once } from "node:events"
import { setTimeout } from "node:timers/promises"
import type { ServerProcess } from "./ServerProcess.ts"
import type { World } from "./World.ts"

export interface Options {
  readonly kills: number
  /** How much faster than real time the servers' clocks go. */
  readonly speed: number
  /** How many times as long the callers wait between two calls. There are fewer schedules, too. */
  readonly pace: number
  readonly progress: (line: string) => void
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  return address instanceof Object ? address.port : 0
}

/** A random moment of a server that is at work, however busy the machine is. */
export const randomMoment = async (world: World): Promise<void> => {
  if (Math.random() < 0.7) await world.deliveries(Math.ceil(Math.random() * 60))
  await setTimeout(Math.random() * 500)
}

/** Waits until no message is left. */
export const drained = async (servers: ReadonlyArray<ServerProcess>, world: World): Promise<void> => {
  let left: number | undefined
  for (let tries = 0; tries < 600; tries++) {
    left = (await servers[tries % servers.length]?.pending()) ?? left
    if (left === 0) return
    await setTimeout(100)
  }
  world.faults.push(`${left} messages are still there a minute after the last kill`)
}

import * as Effect from "effect/Effect"
import { createServer } from "node:net"

/** A port of the loopback address that was free a moment ago. */
export const freePort: Effect.Effect<number> = Effect.async((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

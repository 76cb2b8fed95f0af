import { developmentUsers } from "@effect-qstash/server/DevelopmentUsers"
import { Redacted } from "effect"
import { setTimeout } from "node:timers/promises"
import { getOr, type World } from "./World.ts"

/** How many messages of one kind wait at most. */
const mostOpen = 60

type Headers = Readonly<Record<string, string>>

interface Answer {
  readonly status: number
  readonly text: string
}

/** The accounts that call. */
export const tenants = developmentUsers.slice(0, 2).map(({ name, token }) => ({
  name,
  headers: { Authorization: `Bearer ${Redacted.value(token)}` }
}))
type Tenant = (typeof tenants)[number]

/** Calls one of the servers after the other until one says yes. */
export class Callers {
  readonly #world: World
  readonly #ports: ReadonlyArray<number>
  readonly #destinations: string
  readonly #pace: number
  readonly #schedules: ReadonlyArray<number>
  #isStopped = false
  #publishes = 0
  #loops: Array<Promise<void>> = []

  constructor(world: World, ports: ReadonlyArray<number>, destinations: string, pace: number) {
    this.#pace = pace
    this.#schedules = Array.from({ length: Math.ceil(6 / pace) }, (_, index) => index)
    this.#world = world
    this.#ports = ports
    this.#destinations = destinations
  }

  async once(
    port: number,
    tenant: Tenant,
    method: string,
    path: string,
    headers: Headers,
    body?: string,
    timeout = 3000
  ): Promise<Answer> {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { ...tenant.headers, ...headers },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(timeout)
    })
    return { status: answer.status, text: await answer.text() }
  }

  /** A server that fails may have done what it was asked, so that a call must be one that can be repeated. */
  async call(tenant: Tenant, method: string, path: string, headers: Headers, body?: string): Promise<Answer> {
    for (let attempt = Math.floor(Math.random() * this.#ports.length); ; attempt++) {
      const port = this.#ports[attempt % this.#ports.length] ?? 0
      try {
        const answer = await this.once(port, tenant, method, path, headers, body)
        if (answer.status < 500) return answer
      } catch {
        // Killed, stopped, or not yet started.
      }
      await setTimeout(20 + Math.random() * 30)
    }
  }

  /** Calls one server until it says yes. Waits long for an answer, so that no call is still under way afterwards. */
  async insist(port: number, tenant: Tenant, method: string, path: string): Promise<Answer> {
    for (;;) {
      const answer = await this.once(port, tenant, method, path, {}, undefined, 60_000).catch(() => undefined)
      if (answer !== undefined && answer.status < 500) return answer
      await setTimeout(50)
    }
  }

  #to(kind: string, name: string, behaviour: string): string {
    return `${this.#destinations}/${kind}/${name}/${behaviour}`
  }

  /** Repeats until it is stopped, while not too many messages of the kind wait. */
  #loop(kind: string, pause: number, step: () => Promise<void>): void {
    const run = async () => {
      while (!this.#isStopped) {
        if (this.#world.openOf(kind).size < mostOpen) await step()
        await setTimeout(Math.random() * 2 * pause * this.#pace)
      }
    }
    this.#loops.push(
      run().catch((error: unknown) => void this.#world.faults.push(`A caller failed: ${String(error)}`))
    )
  }

  async #publish(
    tenant: Tenant,
    path: string,
    kind: string,
    headers: Headers = {},
    callback?: "success" | "failure"
  ): Promise<ReadonlyArray<string>> {
    const publish = `publish ${++this.#publishes}`
    const header = callback === "success" ? "Upstash-Callback" : "Upstash-Failure-Callback"
    const callbacks =
      callback === undefined
        ? undefined
        : {
            [header]: this.#to("callback", "x", "flaky"),
            // With QStash's own delays, one that fails four times would wait for hours.
            [`${header}-Retry-Delay`]: "1000"
          }
    const { status, text } = await this.call(
      tenant,
      "POST",
      path,
      {
        "Upstash-Deduplication-Id": publish.replace(" ", "-"),
        "Upstash-Retry-Delay": "1000",
        ...callbacks,
        ...headers
      },
      publish
    )
    if (status >= 300) throw new Error(`${path} was answered with ${status}: ${text}`)
    const ids = [JSON.parse(text)].flat().map(({ messageId }: { readonly messageId: string }) => messageId)
    for (const messageId of ids) this.#world.accept({ messageId, kind, callback })
    return ids
  }

  /** What must be there before the load begins. */
  async prepare(): Promise<void> {
    for (const tenant of tenants) {
      const json = { "Content-Type": "application/json" }
      const pair = {
        endpoints: ["one", "two"].map((name) => ({ name, url: this.#to("group", name, "flaky") }))
      }
      await this.call(tenant, "POST", "/v2/topics/pair/endpoints", json, JSON.stringify(pair))
      for (const index of this.#schedules) {
        const id = `${tenant.name}-${index}`
        await this.call(tenant, "POST", `/v2/schedules/${this.#to("schedule", id, "late")}`, {
          "Upstash-Schedule-Id": id,
          "Upstash-Cron": "* * * * *",
          "Upstash-Retries": "5",
          "Upstash-Retry-Delay": "1000"
        })
      }
      await this.call(tenant, "POST", "/v2/schedules/pair", {
        "Upstash-Schedule-Id": `${tenant.name}-pair`,
        "Upstash-Cron": "*/2 * * * *",
        "Upstash-Retry-Delay": "1000"
      })
    }
  }

  start(): void {
    for (const tenant of tenants) {
      const { name } = tenant
      let turn = 0
      this.#loop("plain", 15, async () => {
        const callback = ++turn % 2 === 0 ? ("success" as const) : undefined
        await this.#publish(
          tenant,
          `/v2/publish/${this.#to("plain", name, "late")}`,
          "plain",
          { "Upstash-Retries": "5" },
          callback
        )
      })
      // Asked for once and without an id to recognise it by: it may get lost if there is no answer, but must not double.
      this.#loop("once", 30, async () => {
        const port = this.#ports[Math.floor(Math.random() * this.#ports.length)] ?? 0
        const path = `/v2/publish/${this.#to("once", name, "ok")}`
        const body = `publish ${++this.#publishes}`
        const answer = await this.once(port, tenant, "POST", path, {}, body).catch(() => undefined)
        if (answer === undefined || answer.status >= 300) return
        const { messageId }: { readonly messageId: string } = JSON.parse(answer.text)
        this.#world.accept({ messageId, kind: "once", callback: undefined })
      })
      this.#loop("dead", 60, async () => {
        await this.#publish(
          tenant,
          `/v2/publish/${this.#to("dead", name, "dead")}`,
          "dead",
          { "Upstash-Retries": "1" },
          "failure"
        )
      })
      this.#loop("group", 60, async () => {
        await this.#publish(tenant, "/v2/publish/pair", "group")
      })
      this.#loop("batch", 60, () => this.#batch(tenant))
      this.#loop("cancel", 60, () => this.#cancel(tenant))
      for (const index of [1, 2]) {
        const queue = `${name}-queue-${index}`
        this.#loop("queue", 25, async () => {
          const callback = ++turn % 3 === 0 ? ("success" as const) : undefined
          const ids = await this.#publish(
            tenant,
            `/v2/enqueue/${queue}/${this.#to("queue", queue, "flaky")}`,
            "queue",
            { "Upstash-Retries": "2" },
            callback
          )
          getOr(this.#world.queues, queue, () => []).push(...ids)
        })
        const flow = `${name}-flow-${index}`
        this.#loop("flow", 25, async () => {
          await this.#publish(tenant, `/v2/publish/${this.#to("flow", flow, "slow")}`, "flow", {
            "Upstash-Flow-Control-Key": flow,
            "Upstash-Flow-Control-Value": "parallelism=2, rate=60, period=1m"
          })
        })
      }
    }
  }

  async #batch(tenant: Tenant): Promise<void> {
    const messages = Array.from({ length: 4 }, () => {
      const publish = `publish ${++this.#publishes}`
      return {
        destination: this.#to("batch", tenant.name, "flaky"),
        headers: { "Upstash-Deduplication-Id": publish.replace(" ", "-"), "Upstash-Retry-Delay": "1000" },
        body: publish
      }
    })
    const json = { "Content-Type": "application/json" }
    const { status, text } = await this.call(tenant, "POST", "/v2/batch", json, JSON.stringify(messages))
    if (status >= 300) throw new Error(`A batch was answered with ${status}: ${text}`)
    const ids: ReadonlyArray<{ readonly messageId: string }> = JSON.parse(text)
    for (const { messageId } of ids) this.#world.accept({ messageId, kind: "batch", callback: undefined })
  }

  /** Publishes what is due later, and cancels it. */
  async #cancel(tenant: Tenant): Promise<void> {
    const [messageId] = await this.#publish(
      tenant,
      `/v2/publish/${this.#to("cancel", tenant.name, "ok")}`,
      "cancel",
      { "Upstash-Delay": "20m" }
    )
    if (messageId === undefined) return
    const { status } = await this.call(tenant, "DELETE", `/v2/messages/${messageId}`, {})
    // 404: it was cancelled by an earlier call whose answer was lost.
    if (status < 300 || status === 404) this.#world.canceled.set(messageId, performance.now())
    else throw new Error(`A cancel was answered with ${status}`)
    this.#world.openOf("cancel").delete(messageId)
  }

  /** Stops the load. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#loops)
  }

  /** Lets nothing new begin. */
  async removeSchedules(): Promise<void> {
    for (const tenant of tenants) {
      for (const index of [...this.#schedules, "pair"]) {
        await this.call(tenant, "DELETE", `/v2/schedules/${tenant.name}-${index}`, {})
      }
    }
  }
}

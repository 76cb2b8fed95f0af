import type { Command } from "../Command.ts"

/** A command: what it does in a sentence, and where the rest of it is. */
interface Leaf {
  readonly description: string
  readonly load: () => Promise<Command>
}

/** Commands that are about the same things. */
export interface Group {
  readonly description: string
  readonly commands: ReadonlyMap<string, Entry>
}

export type Entry = Leaf | Group

export const isGroup = (entry: Entry): entry is Group => "commands" in entry

/** The command is what a module exports under a name. */
const leaf = <Name extends string>(
  description: string,
  load: () => Promise<Readonly<Record<Name, Command>>>,
  name: Name
): Leaf => ({ description, load: async () => (await load())[name] })

const group = (description: string, commands: Readonly<Record<string, Entry>>): Group => ({
  description,
  commands: new Map(Object.entries(commands))
})

const clock = () => import("./clock.ts")
const queues = () => import("./queues.ts")
const urlGroups = () => import("./urlGroups.ts")
const flowControl = () => import("./flowControl.ts")
const keys = () => import("./keys.ts")
const jobs = () => import("./jobs.ts")
const schedules = () => import("./schedules/schedule.ts")
const tenants = () => import("./tenants.ts")

/**
 * Every command, in the order in which help lists them. A command is loaded only when it is run or explained: what all
 * of them import takes half a second to load.
 */
export const root = group("QStash at the shell: a local server, and everything in an account.", {
  dev: leaf(
    "Run a QStash server on this machine until it is stopped. It keeps everything in memory.",
    () => import("./dev.ts"),
    "dev"
  ),
  serve: leaf(
    "Run a QStash server for a team until it is stopped: with tokens and signing keys of your own. It keeps everything in memory.",
    () => import("./serve.ts"),
    "serve"
  ),
  tenants: group("The accounts of `effect-qstash serve`, which are in a file.", {
    add: leaf(
      "Add a tenant with a new token and new signing keys, and print them. The file keeps only the hash of the token.",
      tenants,
      "add"
    ),
    list: leaf("List the tenants.", tenants, "list"),
    rotate: leaf(
      "Give a tenant a new token, and print it. The old one is refused within a second. Asks first.",
      tenants,
      "rotate"
    )
  }),
  clock: group("The clock of a local server whose time is virtual.", {
    now: leaf("Show the time of the server.", clock, "now"),
    advance: leaf(
      "Move the time of the server on by a span. Everything that falls due on the way happens, and is waited for.",
      clock,
      "advance"
    ),
    to: leaf(
      "Move the time of the server on to an instant, in the same way. It never goes back.",
      clock,
      "to"
    )
  }),
  messages: group("Messages: publish them, see where they are, and cancel them.", {
    publish: leaf(
      "Publish a message to a URL or to each endpoint of a URL group, or put it into a queue.",
      () => import("./messages/publish.ts"),
      "publish"
    ),
    list: leaf(
      "List messages by the log, the newest state of each, the last to change first.",
      () => import("./messages/list.ts"),
      "list"
    ),
    get: leaf(
      "Show a message that is not done yet, without the values of its headers, its body and URL queries; --json shows them.",
      () => import("./messages/get.ts"),
      "get"
    ),
    cancel: leaf(
      "Cancel messages. A delivery that is under way goes on, and is not tried again if it fails.",
      () => import("./messages/cancel.ts"),
      "cancel"
    )
  }),
  schedules: group("Schedules: create them, see when they fire, pause and delete them.", {
    list: leaf("List the schedules, the next to fire first.", schedules, "list"),
    get: leaf(
      "Show one schedule, without the values of its headers, its body and URL queries; --json shows them.",
      schedules,
      "get"
    ),
    create: leaf(
      "Create a schedule, or overwrite the one with the same id.",
      () => import("./schedules/create.ts"),
      "create"
    ),
    pause: leaf(
      "Stop schedules from firing until they are resumed. What falls into the pause is not made up for.",
      schedules,
      "pause"
    ),
    resume: leaf("Let paused schedules fire again.", schedules, "resume"),
    delete: leaf(
      "Delete schedules. Messages that they have already made are still delivered.",
      schedules,
      "remove"
    ),
    next: leaf(
      "Show when a cron expression fires, and what the change of clocks does to it. Needs no server.",
      () => import("./schedules/next.ts"),
      "next"
    )
  }),
  jobs: group(
    "The schedules that the jobs of an application declare: compare them with QStash, and change QStash.",
    {
      plan: leaf(
        "Show what would have to change so that QStash has the schedules that a module declares. Changes nothing.",
        jobs,
        "plan"
      ),
      apply: leaf(
        "Make QStash have the schedules that a module declares. Asks before it deletes those that are no longer declared.",
        jobs,
        "apply"
      )
    }
  ),
  queues: group("Queues, through which messages go in order.", {
    list: leaf("List the queues, by name.", queues, "list"),
    get: leaf("Show one queue.", queues, "get"),
    upsert: leaf("Create a queue, or change the one with this name.", queues, "upsert"),
    pause: leaf(
      "Stop queues from delivering until they are resumed. They still take messages.",
      queues,
      "pause"
    ),
    resume: leaf("Let paused queues deliver again.", queues, "resume"),
    delete: leaf("Delete queues with the messages that wait in them.", queues, "remove")
  }),
  "url-groups": group("URL groups: a message to a group goes to each of its endpoints.", {
    list: leaf("List the URL groups, by name.", urlGroups, "list"),
    get: leaf(
      "Show one URL group and its endpoints, without URL queries; --json shows them.",
      urlGroups,
      "get"
    ),
    add: leaf(
      "Add an endpoint to a URL group. One with the same URL or the same name takes the place of the old one.",
      urlGroups,
      "add"
    ),
    remove: leaf(
      "Remove an endpoint from a URL group. With the last one the group is gone.",
      urlGroups,
      "remove"
    ),
    delete: leaf(
      "Delete URL groups. Messages that are made already are still delivered.",
      urlGroups,
      "removeGroup"
    )
  }),
  dlq: group("The dead letter queue: messages that have failed for good.", {
    list: leaf("List the dead letters, the oldest first.", () => import("./dlq/list.ts"), "list"),
    get: leaf(
      "Show one dead letter and its last response, without header values, bodies and URL queries; --json shows them.",
      () => import("./dlq/get.ts"),
      "get"
    ),
    retry: leaf(
      "Publish dead letters again, each as a new message with its own id and the settings that it had.",
      () => import("./dlq/retry.ts"),
      "retry"
    ),
    delete: leaf("Delete dead letters for good.", () => import("./dlq/remove.ts"), "remove")
  }),
  logs: leaf(
    "Show the newest log entries, each a step in the life of a message, the newest last.",
    () => import("./logs.ts"),
    "logs"
  ),
  "flow-control": group("Flow-control keys: limits that the messages with the same key share.", {
    list: leaf(
      "List the flow-control keys that are in use, and how far their limits are used.",
      flowControl,
      "list"
    ),
    get: leaf("Show one flow-control key, and how far its limits are used.", flowControl, "get"),
    pause: leaf("Start no delivery of these keys until they are resumed.", flowControl, "pause"),
    resume: leaf("Let the deliveries of paused keys start again.", flowControl, "resume"),
    pin: leaf(
      "Fix limits of keys: what later messages say of them does not count until they are unpinned.",
      flowControl,
      "pin"
    ),
    unpin: leaf(
      "Let later messages set limits of keys again. Until one does, those that were pinned stay in force.",
      flowControl,
      "unpin"
    ),
    "reset-rate": leaf(
      "End the current period of the rate of keys, so that as many deliveries may start again.",
      flowControl,
      "resetRate"
    )
  }),
  keys: group("The keys that deliveries are signed with.", {
    get: leaf("Print both signing keys, as the variables that a receiver reads.", keys, "get"),
    rotate: leaf(
      "Make the next signing key the current one, and draw a new next one. Asks first.",
      keys,
      "rotate"
    )
  })
})

/**
 * The tables, one step for each version. A released step does not change.
 *
 * - `messages` is small and narrow, because it changes all the time. What never changes about a message is in `bodies`,
 *   which lives on for the log and for dead letters.
 * - `wake_at` of a message is when there is something to do: when it is due, when its lease ends, or never while it waits
 *   for its turn in a queue.
 * - A lane is all messages of one tenant, one origin and one flow-control key: if one of them may not start, neither may
 *   the others. `head_at` and `head_seq` are those of its first message that waits.
 * - A place in a queue is kept by a message and by its callbacks: `open` says by how many.
 */
export const migrations = (isPostgres: boolean): ReadonlyArray<ReadonlyArray<string>> => {
  // In SQLite this spelling makes the column the row's own number.
  const key = isPostgres ? "bigint primary key" : "integer primary key"
  const bytes = isPostgres ? "bytea" : "blob"
  return [
    [
      ...(isPostgres
        ? ["create sequence qstash_numbers", "create sequence qstash_starts"]
        : [
            "create table qstash_numbers (last integer not null)",
            "insert into qstash_numbers values (0)",
            "create table qstash_starts (last integer not null)",
            "insert into qstash_starts values (0)"
          ]),
      `create table qstash_tenants (
        id ${key}, name text not null unique,
        messages bigint not null default 0, bytes bigint not null default 0,
        log_entries bigint not null default 0, log_bytes bigint not null default 0,
        letters bigint not null default 0, letter_bytes bigint not null default 0,
        letter_at bigint not null default -1, letter_count bigint not null default 0,
        current_key text, next_key text
      )`,
      `create table qstash_schedules (
        id ${key}, tenant bigint not null, name text not null, settings text not null, body ${bytes},
        caller_ip text, created_at bigint not null, is_paused integer not null, last_at bigint, next_at bigint,
        error text, unique (tenant, name)
      )`,
      "create index qstash_schedules_due on qstash_schedules (next_at, id) where next_at is not null",
      `create table qstash_firings (message text primary key, schedule bigint not null, state text not null)`,
      "create index qstash_firings_schedule on qstash_firings (schedule)",
      `create table qstash_queues (
        id ${key}, tenant bigint not null, name text not null, created_at bigint not null, updated_at bigint not null,
        parallelism integer not null, is_paused integer not null, lag bigint not null, unique (tenant, name)
      )`,
      `create table qstash_places (
        seq ${key}, queue bigint not null, is_admitted integer not null, open bigint not null
      )`,
      "create index qstash_places_admitted on qstash_places (queue, seq) where is_admitted = 1",
      "create index qstash_places_waiting on qstash_places (queue, seq) where is_admitted = 0",
      `create table qstash_flows (
        id ${key}, tenant bigint not null, name text not null, parallelism bigint, rate bigint, period bigint not null,
        is_paused integer not null, is_pinned_parallelism integer not null, is_pinned_rate integer not null,
        started bigint not null, window_start bigint, unique (tenant, name)
      )`,
      "create index qstash_flows_exhausted on qstash_flows (id) where rate is not null and started >= rate",
      `create table qstash_lanes (
        id ${key}, tenant bigint not null, origin text not null, flow bigint not null, head_at bigint, head_seq bigint,
        unique (tenant, origin, flow)
      )`,
      "create index qstash_lanes_due on qstash_lanes (head_at, head_seq) where head_at is not null",
      "create index qstash_lanes_flow on qstash_lanes (flow) where flow <> 0",
      `create table qstash_messages (
        seq ${key}, id text not null unique, tenant bigint not null, lane bigint not null, queue bigint, source bigint,
        due_at bigint not null, wake_at bigint, token bigint, is_canceled integer not null, retried bigint not null
      )`,
      "create index qstash_messages_tenant on qstash_messages (tenant, seq)",
      "create index qstash_messages_queue on qstash_messages (queue, seq) where queue is not null",
      "create unique index qstash_messages_token on qstash_messages (token) where token is not null",
      `create index qstash_messages_waiting on qstash_messages (lane, wake_at, seq)
        where token is null and is_canceled = 0 and wake_at is not null`,
      `create index qstash_messages_due on qstash_messages (wake_at)
        where token is null and is_canceled = 0 and wake_at is not null`,
      `create index qstash_messages_ending on qstash_messages (wake_at, seq)
        where (token is not null or is_canceled = 1) and wake_at is not null`,
      `create index qstash_messages_leased on qstash_messages (lane) where token is not null`,
      `create table qstash_bodies (
        seq ${key}, id text not null unique, settings text not null, body ${bytes}, url text not null, url_group text,
        endpoint text, schedule text, callback_of text, caller_ip text, created_at bigint not null,
        not_before bigint not null, hops bigint not null
      )`,
      `create table qstash_events (
        n ${key}, tenant bigint not null, at bigint not null, state text not null, message bigint not null,
        due_at bigint not null, retried bigint not null, response text, body ${bytes}, error text, next_at bigint,
        bytes bigint not null
      )`,
      "create index qstash_events_tenant on qstash_events (tenant, n)",
      "create index qstash_events_message on qstash_events (message, n)",
      `create table qstash_letters (
        n ${key}, id text not null, tenant bigint not null, failed_at bigint not null, message bigint not null,
        due_at bigint not null, retried bigint not null, response text, body ${bytes}, bytes bigint not null,
        unique (tenant, id)
      )`,
      "create index qstash_letters_tenant on qstash_letters (tenant, n)",
      "create index qstash_letters_message on qstash_letters (message)",
      `create table qstash_groups (
        id ${key}, tenant bigint not null, name text not null, created_at bigint not null, updated_at bigint not null,
        endpoints text not null, unique (tenant, name)
      )`,
      `create table qstash_deduplications (
        tenant bigint not null, name text not null, until bigint not null, messages text not null,
        primary key (tenant, name)
      )`,
      "create index qstash_deduplications_until on qstash_deduplications (tenant, until)"
    ]
  ]
}

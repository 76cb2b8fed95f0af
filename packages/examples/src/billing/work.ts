/** The application's own work, which has nothing to do with QStash. */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"

export const TenantId = Schema.String.pipe(Schema.brand("TenantId"))
export const ExportId = Schema.String.pipe(Schema.brand("ExportId"))
export type TenantId = typeof TenantId.Type
export type ExportId = typeof ExportId.Type

export class DbDown extends Schema.TaggedError<DbDown>()("DbDown", {}) {}
export class NoSuchRegion extends Schema.TaggedError<NoSuchRegion>()("NoSuchRegion", {
  region: Schema.String
}) {}
export class NoSuchTable extends Schema.TaggedError<NoSuchTable>()("NoSuchTable", { table: Schema.String }) {}

export class Reports extends Context.Tag("examples/Reports")<
  Reports,
  {
    readonly send: (
      region: "eu" | "us",
      night: Option.Option<DateTime.Zoned>
    ) => Effect.Effect<void, DbDown | NoSuchRegion>
  }
>() {}

export class Digests extends Context.Tag("examples/Digests")<
  Digests,
  { readonly send: (tenant: TenantId, attempt: number) => Effect.Effect<void> }
>() {}

export class Exports extends Context.Tag("examples/Exports")<
  Exports,
  {
    readonly run: (id: ExportId) => Effect.Effect<{ readonly fileUrl: string }, NoSuchTable>
    readonly finished: (
      id: ExportId,
      exit: Exit.Exit<{ readonly fileUrl: string }, Error>
    ) => Effect.Effect<void>
  }
>() {}

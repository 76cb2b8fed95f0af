import {
  type CreateSchedule,
  type DlqFilter,
  type FlowControl,
  type FlowControlState,
  type LogFilter,
  type MessageFilter,
  type MessageSelector,
  type MessageSettings,
  type PublishMessage,
  type QStashDlq,
  type QStashLogs,
  type QStashQueues,
  type QStashSchedules,
  type UrlGroup
} from "@effect-qstash/domain"
import { describe, expectTypeOf, it } from "@effect/vitest"

/** The optional keys of a type that do not accept undefined under `exactOptionalPropertyTypes`. */
type Strict<Input> = Input extends unknown
  ? {
      [K in keyof Input]-?: object extends Pick<Input, K>
        ? [Exclude<Input[K], undefined>] extends [never]
          ? never
          : undefined extends Required<Input>[K]
            ? never
            : K
        : never
    }[keyof Input]
  : never

describe("an optional field of an input", () => {
  it("accepts undefined, so that a value that may be missing can be passed on", () => {
    expectTypeOf<Strict<MessageFilter>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<DlqFilter>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<LogFilter>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<QStashDlq.ListInput>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<QStashDlq.RetryInput>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<QStashLogs.StreamInput>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<QStashLogs.ListInput>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<MessageSettings.Input>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<MessageSettings.CallbackInput>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<CreateSchedule.Input>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<QStashSchedules.UpsertInput>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<PublishMessage.Input>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<PublishMessage.EnqueueInput>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<PublishMessage.BatchInput>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<FlowControl.Input>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<FlowControlState.Pin>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<FlowControlState.Unpin>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<QStashQueues.UpsertInput>>().toEqualTypeOf<never>()
    expectTypeOf<Strict<UrlGroup.EndpointInput>>().toEqualTypeOf<never>()
  })

  it("would be found here if it did not", () => {
    expectTypeOf<Strict<{ readonly a?: string; readonly b?: number | undefined }>>().toEqualTypeOf<"a">()
  })

  it("accepts no undefined in a selector, which would then select everything", () => {
    expectTypeOf<{ label: undefined }>().not.toExtend<MessageSelector>()
    expectTypeOf<{ label: string; url: undefined }>().not.toExtend<MessageSelector>()
    expectTypeOf<{ label: string }>().toExtend<MessageSelector>()
    expectTypeOf<{ url: URL }>().toExtend<MessageSelector>()
  })
})

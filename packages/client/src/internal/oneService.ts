import { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ConfigOptions, Options } from "../ClientOptions.ts"
import type { QStashClientMisconfigured } from "../QStashClientMisconfigured.ts"
import { type ConfigError, fromConfig } from "./fromConfig.ts"
import { makeHttp, type QStashHttp } from "./http.ts"
import { fromOptions, type Settings } from "./settings.ts"

/** A layer of one service, from options. */
export type OneLayer<I> = (
  options: Options
) => Layer.Layer<I, QStashClientMisconfigured, HttpClient.HttpClient>

/** A layer of one service, from configuration. */
export type OneLayerConfig<I> = (
  options?: ConfigOptions
) => Layer.Layer<I, ConfigError, HttpClient.HttpClient>

type Make<S> = (http: QStashHttp, ids: IdGenerator.Service) => S

const from =
  <S>(make: Make<S>) =>
  (settings: Settings): Effect.Effect<S, never, HttpClient.HttpClient> =>
    Effect.zipWith(makeHttp(settings), IdGenerator, make)

export const oneLayer =
  <I, S>(tag: Context.Tag<I, S>, make: Make<S>): OneLayer<I> =>
  (options) =>
    Layer.effect(tag, Effect.flatMap(fromOptions(options), from(make)))

export const oneLayerConfig =
  <I, S>(tag: Context.Tag<I, S>, make: Make<S>): OneLayerConfig<I> =>
  (options = {}) =>
    Layer.effect(tag, Effect.flatMap(fromConfig(options), from(make)))

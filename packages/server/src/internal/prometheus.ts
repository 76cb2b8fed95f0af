import * as Arr from "effect/Array"
import type * as MetricLabel from "effect/MetricLabel"
import type * as MetricPair from "effect/MetricPair"
import * as MetricState from "effect/MetricState"
import * as Option from "effect/Option"

export const contentType = "text/plain; version=0.0.4; charset=utf-8"

/**
 * Effect's metrics whose names begin with a prefix, as Prometheus reads them (text format 0.0.4). Effect 4 has a module
 * for this. For Effect 3 there is only the exporter of OpenTelemetry, which brings an SDK and a server of its own.
 */
export const render = (pairs: ReadonlyArray<MetricPair.MetricPair.Untyped>, prefix: string): string =>
  Object.entries(Arr.groupBy(pairs, ({ metricKey }) => metricKey.name))
    .filter(([name]) => name.startsWith(prefix))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, series]) => [
      ...headOf(name, series[0]),
      ...series
        .map(({ metricKey, metricState }) => ({ tags: tagsOf(metricKey.tags), metricState }))
        .toSorted((one, other) => (one.tags.join() < other.tags.join() ? -1 : 1))
        .flatMap(({ metricState, tags }) => samplesOf(name, tags, metricState))
    ])
    .map((line) => `${line}\n`)
    .join("")

const headOf = (
  name: string,
  { metricKey, metricState }: MetricPair.MetricPair.Untyped
): ReadonlyArray<string> => {
  const type = MetricState.isCounterState(metricState)
    ? "counter"
    : MetricState.isHistogramState(metricState)
      ? "histogram"
      : "gauge"
  const help = Option.getOrElse(metricKey.description, () => "").replace(/[\\\n]/g, escaped)
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
}

const samplesOf = (name: string, tags: ReadonlyArray<string>, state: unknown): ReadonlyArray<string> => {
  if (MetricState.isCounterState(state)) return [sample(name, tags, state.count)]
  if (MetricState.isGaugeState(state)) return [sample(name, tags, state.value)]
  if (!MetricState.isHistogramState(state)) return []
  const bucket = (bound: string, count: number) => sample(`${name}_bucket`, [...tags, `le="${bound}"`], count)
  return [
    // The last bound may be infinite, which is the line that follows anyway.
    ...state.buckets
      .filter(([bound]) => Number.isFinite(bound))
      .map(([bound, count]) => bucket(String(bound), count)),
    bucket("+Inf", state.count),
    sample(`${name}_sum`, tags, state.sum),
    sample(`${name}_count`, tags, state.count)
  ]
}

const sample = (name: string, tags: ReadonlyArray<string>, value: number | bigint): string =>
  `${name}${tags.length === 0 ? "" : `{${tags.join()}}`} ${value}`

const tagsOf = (labels: ReadonlyArray<MetricLabel.MetricLabel>): ReadonlyArray<string> =>
  labels.map(({ key, value }) => `${key}="${value.replace(/[\\\n"]/g, escaped)}"`)

const escaped = (character: string): string => (character === "\n" ? "\\n" : `\\${character}`)

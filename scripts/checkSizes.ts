/**
 * Checks how many bytes our packages add to what a browser or an edge function downloads: minified, compressed with gzip,
 * on top of an application that has `effect`, Schema and HttpClient anyway.
 */
import { build } from "esbuild"
import { basename, join } from "node:path"
import { gzipSync } from "node:zlib"
import { root } from "./running.ts"

/** What an application has anyway, and uses all of. */
const application = [
  ...["Effect", "Schema", "Layer", "Config", "Redacted", "Either", "Option", "Duration"].map(
    (name) => `effect/${name}`
  ),
  ...["HttpClient", "HttpClientRequest", "HttpClientResponse", "FetchHttpClient"].map(
    (name) => `@effect/platform/${name}`
  )
]
  .map((module, index) => `export * as _${index} from "${module}"\n`)
  .join("")

/** The bytes that the client of each service may take: what it takes, with 2% of room. The goal is 18,000 for any. */
const services = {
  Schedules: 25_300,
  Messages: 21_200,
  Queues: 10_000,
  UrlGroups: 10_500,
  Dlq: 15_500,
  FlowControl: 10_500,
  Logs: 13_700,
  SigningKeys: 8000
}

/** Layers of the client, and the services that they provide. */
const client = (module: string, names: ReadonlyArray<string>): string => `
export { layer, layerConfig } from "@effect-qstash/client/${module}"
export { ${names.map((name) => `QStash${name}`).join(", ")} } from "@effect-qstash/domain"
`

const limits: ReadonlyArray<readonly [what: string, code: string, limit: number]> = [
  ...Object.entries(services).map(
    ([name, limit]) => [`QStash${name}Client`, client(`QStash${name}Client`, [name]), limit] as const
  ),
  // The goal is 30,000.
  ["QStashClient", client("QStashClient", Object.keys(services)), 33_000],
  ["receiver", 'export { layer, layerConfig } from "@effect-qstash/receiver/QStashReceiver"', 8700]
]

/** Bundles each code on its own, in one build that parses each module once. Gives the sizes under the same names. */
const sizesOf = async (codes: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, number>> => {
  const { outputFiles } = await build({
    entryPoints: [...codes.keys()],
    plugins: [
      {
        name: "codes",
        setup: (bundling) => {
          bundling.onResolve({ filter: /.*/ }, ({ kind, path }) =>
            kind === "entry-point" ? { path, namespace: "codes" } : undefined
          )
          bundling.onLoad({ filter: /.*/, namespace: "codes" }, ({ path }) => ({
            contents: codes.get(path) ?? "",
            resolveDir: join(root, "packages/examples")
          }))
        }
      }
    ],
    outdir: "/",
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    write: false
  })
  return new Map(
    outputFiles.map(({ contents, path }) => [basename(path, ".js"), gzipSync(contents, { level: 9 }).length])
  )
}

const sizes = await sizesOf(
  new Map([
    ["application", application],
    ...limits.map(([what, code]) => [what, application + code] as const),
    ["plain", 'export * from "@effect-qstash/receiver/plain"']
  ])
)

const check = (what: string, size: number, limit: number): void => {
  const isSmall = size <= limit
  if (!isSmall) process.exitCode = 1
  const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1)
  process.stdout.write(
    `${isSmall ? "✓" : "✗"} ${what}: ${kilobytes(size)} kB, the limit is ${kilobytes(limit)} kB\n`
  )
}

const sizeOf = (what: string): number => sizes.get(what) ?? Number.NaN

for (const [what, , limit] of limits) check(what, sizeOf(what) - sizeOf("application"), limit)
check("receiver/plain, without effect", sizeOf("plain"), 4300)

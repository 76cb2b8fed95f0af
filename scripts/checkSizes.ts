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

const services = ["Schedules", "Messages", "Queues", "UrlGroups", "Dlq", "FlowControl", "Logs", "SigningKeys"]

/** Layers of the client, and the services that they provide. */
const client = (module: string, names: ReadonlyArray<string>): string => `
export { layer, layerConfig } from "@effect-qstash/client/${module}"
export { ${names.map((name) => `QStash${name}`).join(", ")} } from "@effect-qstash/domain"
`

/** The bytes that each may take. The goals are 18,000 for one service and 30,000 for all. */
const limits: ReadonlyArray<readonly [what: string, code: string, limit: number]> = [
  ...services.map((name) => {
    const limit = name === "Schedules" ? 25_500 : name === "Messages" ? 21_500 : 16_000
    return [`QStash${name}Client`, client(`QStash${name}Client`, [name]), limit] as const
  }),
  ["QStashClient", client("QStashClient", services), 33_500],
  ["receiver", 'export { layer, layerConfig } from "@effect-qstash/receiver/QStashReceiver"', 12_000]
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
check("receiver/plain, without effect", sizeOf("plain"), 8000)

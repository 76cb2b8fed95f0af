import { DevelopmentUsers } from "@effect-qstash/server"
import { describe, it } from "@effect/vitest"
import { assertFalse, assertInclude, assertMatch, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Redacted } from "effect"
import { createHash } from "node:crypto"
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { cli, json, jsonObject, temporaryDirectory } from "./support.ts"

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

const inDirectory = Effect.map(temporaryDirectory, (directory) => {
  const file = join(directory, "tenants.json")
  return {
    directory,
    file,
    env: { QSTASH_TENANTS_FILE: file },
    contents: () => JSON.parse(readFileSync(file, "utf8")),
    write: (contents: unknown, mode = 0o600) => {
      writeFileSync(file, typeof contents === "string" ? contents : JSON.stringify(contents))
      chmodSync(file, mode)
    }
  }
})

const variable = (stdout: string, name: string) =>
  new RegExp(`(?:^|\\s)${name}=(\\S+)`).exec(stdout)?.[1] ?? ""

const tenant = (name: string, more: object = {}) => ({
  name,
  token: `planted-token-of-${name}`,
  currentSigningKey: `planted-key-of-${name}`,
  nextSigningKey: `planted-next-key-of-${name}`,
  ...more
})

describe("tenants add", () => {
  it.scoped("makes a file for its owner alone, with the hash of the token that it prints once", () =>
    Effect.gen(function* () {
      const { contents, directory, env, file } = yield* inDirectory
      const { code, stderr, stdout } = yield* cli("tenants add shop", { env })
      strictEqual(code, 0)
      const token = variable(stdout, "QSTASH_TOKEN")
      assertMatch(token, /^qstash_\w{28}$/)
      deepStrictEqual(contents(), {
        tenants: [
          {
            name: "shop",
            tokenSha256: sha256(token),
            currentSigningKey: variable(stdout, "QSTASH_CURRENT_SIGNING_KEY"),
            nextSigningKey: variable(stdout, "QSTASH_NEXT_SIGNING_KEY")
          }
        ]
      })
      strictEqual(
        stderr,
        `${file} has only the hash of the token, so this is the only time that it is shown.\n`
      )
      strictEqual(statSync(file).mode & 0o777, 0o600)
      deepStrictEqual(readdirSync(directory), ["tenants.json"])
    })
  )

  it.scoped("keeps everything else, and takes a name once", () =>
    Effect.gen(function* () {
      const { contents, env, write } = yield* inDirectory
      write({ allowedHosts: ["qstash.example.com"], tenants: [tenant("shop")] })
      const added = jsonObject(json(yield* cli("tenants add blog --json", { env })))
      deepStrictEqual(Object.keys(added), ["name", "token", "currentSigningKey", "nextSigningKey"])
      const { allowedHosts, tenants } = contents()
      deepStrictEqual(allowedHosts, ["qstash.example.com"])
      deepStrictEqual(tenants[0], tenant("shop"))
      strictEqual(tenants[1].tokenSha256, sha256(String(added["token"])))

      const again = yield* cli("tenants add blog", { env })
      strictEqual(again.code, 1)
      strictEqual(again.stdout, "")
      assertInclude(again.stderr, "has a tenant blog already.\n`effect-qstash tenants rotate blog`")
      strictEqual(contents().tenants.length, 2)
      strictEqual((yield* cli("tenants add 'a b'", { env })).code, 2)
    })
  )

  it.scoped("never loses a tenant that another command adds at the same time", () =>
    Effect.gen(function* () {
      const { contents, directory, env } = yield* inDirectory
      const names = Array.from({ length: 8 }, (_, index) => `tenant-${index}`)
      const ended = yield* Effect.forEach(
        names,
        (name) => Effect.map(cli(`tenants add ${name}`, { env }), (result) => ({ name, ...result })),
        { concurrency: "unbounded" }
      )
      const added = ended.filter(({ code }) => code === 0).map(({ name }) => name)
      for (const { code, stderr } of ended) {
        if (code !== 0) assertInclude(stderr, "another command is changing the tenants")
      }
      strictEqual(added.length > 0, true)
      deepStrictEqual(
        contents()
          .tenants.map((entry: { name: string }) => entry.name)
          .toSorted(),
        added.toSorted()
      )
      deepStrictEqual(readdirSync(directory), ["tenants.json"])
    })
  )

  it.scoped("says what to do when a command was killed while it changed the file", () =>
    Effect.gen(function* () {
      const { contents, env, file, write } = yield* inDirectory
      write({ tenants: [tenant("shop")] })
      writeFileSync(`${file}.new`, "")
      const { code, stderr } = yield* cli("tenants add blog", { env })
      strictEqual(code, 1)
      assertInclude(stderr, `If none is running, delete it: rm ${file}.new`)
      strictEqual(contents().tenants.length, 1)
      strictEqual(existsSync(`${file}.new`), true)
    })
  )

  it.scoped("leaves a link a link, and the file to the user that has it", () =>
    Effect.gen(function* () {
      const { directory, env, file } = yield* inDirectory
      const real = join(directory, "real.json")
      writeFileSync(real, JSON.stringify({ tenants: [tenant("shop")] }), { mode: 0o600 })
      const isRoot = process.getuid?.() === 0
      if (isRoot) chownSync(real, 12_345, 12_345)
      symlinkSync(real, file)
      strictEqual((yield* cli("tenants add blog", { env })).code, 0)
      strictEqual(lstatSync(file).isSymbolicLink(), true)
      strictEqual(JSON.parse(readFileSync(real, "utf8")).tenants.length, 2)
      if (isRoot) deepStrictEqual([statSync(real).uid, statSync(real).mode & 0o777], [12_345, 0o600])
    })
  )

  it.scoped("says why it cannot write", () =>
    Effect.gen(function* () {
      const { directory } = yield* inDirectory
      const missing = yield* cli(`tenants add shop --tenants ${directory}/none/tenants.json`)
      strictEqual(missing.code, 1)
      assertInclude(missing.stderr, "it cannot be written (NotFound). Nothing was changed.")
      mkdirSync(join(directory, "folder"))
      const folder = yield* cli(`tenants add shop --tenants ${directory}/folder`)
      strictEqual(folder.code, 2)
      strictEqual(folder.stdout, "")
      deepStrictEqual(readdirSync(directory), ["folder"])
    })
  )
})

describe("tenants rotate", () => {
  it.scoped("replaces a token by the hash of a new one, and asks before", () =>
    Effect.gen(function* () {
      const { contents, env, write } = yield* inDirectory
      write({ tenants: [tenant("shop"), tenant("blog")] })
      for (const surroundings of [{ env }, { env, types: "n\r" }, { env, types: "" }]) {
        const refused = yield* cli("tenants rotate shop", surroundings)
        strictEqual(refused.code === 0, false)
        assertFalse(refused.stdout.includes("QSTASH_TOKEN"))
        deepStrictEqual(contents().tenants, [tenant("shop"), tenant("blog")])
      }
      const rotated = yield* cli("tenants rotate shop", { env, types: "y\r" })
      strictEqual(rotated.code, 0)
      assertInclude(rotated.stdout, "Replace the token of shop? (y/N)")
      const { token: _, ...rest } = tenant("shop")
      const tokenSha256 = sha256(variable(rotated.stdout, "QSTASH_TOKEN"))
      deepStrictEqual(contents().tenants, [{ ...rest, tokenSha256 }, tenant("blog")])

      const again = jsonObject(json(yield* cli("tenants rotate shop --yes --json", { env })))
      strictEqual(contents().tenants[0].tokenSha256, sha256(String(again["token"])))
    })
  )

  it.scoped("refuses a name that there is not", () =>
    Effect.gen(function* () {
      const { env, write } = yield* inDirectory
      write({ tenants: [tenant("shop")] })
      for (const more of [{}, { types: "y\r" }]) {
        const { code, stderr } = yield* cli(`tenants rotate blog${"types" in more ? "" : " --yes"}`, {
          env,
          ...more
        })
        strictEqual(code, 1)
        assertInclude(stderr, "has no tenant blog.\n`effect-qstash tenants list` lists them.")
      }
    })
  )
})

describe("tenants list", () => {
  it.scoped("shows names, and whether the file holds the token itself, but no secret", () =>
    Effect.gen(function* () {
      const { env, write } = yield* inDirectory
      write({ tenants: [tenant("shop"), tenant("blog", { token: undefined, tokenSha256: sha256("x") })] })
      const { code, stdout } = yield* cli("tenants list", { env })
      strictEqual(code, 0)
      strictEqual(stdout, "NAME  TOKEN\nshop  plain text\nblog  hash\n")
      deepStrictEqual(json(yield* cli("tenants list --json", { env })), [
        { name: "shop", token: "plain text" },
        { name: "blog", token: "hash" }
      ])
      write({ tenants: [] })
      assertInclude((yield* cli("tenants list", { env })).stdout, "has no tenants. Add one:")
    })
  )
})

describe("a file with tenants", () => {
  it.scoped("has to be there", () =>
    Effect.gen(function* () {
      const { env, file } = yield* inDirectory
      for (const line of ["serve", "tenants list", "tenants rotate shop"]) {
        const { code, stderr } = yield* cli(line, { env, types: "y\r" })
        strictEqual(code, 2, line)
        assertInclude(
          stderr,
          `${file}: there is no such file.\n\`effect-qstash tenants add <name>\` makes it`
        )
      }
    })
  )

  it.scoped("is refused while others can open it", () =>
    Effect.gen(function* () {
      const { contents, env, file, write } = yield* inDirectory
      for (const mode of [0o604, 0o640, 0o602, 0o660, 0o644]) {
        write({ tenants: [tenant("shop")] }, mode)
        for (const line of ["serve", "tenants list", "tenants add blog", "tenants rotate shop --yes"]) {
          const { code, stderr } = yield* cli(line, { env })
          strictEqual(code, 2, line)
          assertInclude(stderr, `other users of this machine can open this file (mode ${mode.toString(8)})`)
          assertInclude(stderr, `chmod 600 ${file}`)
        }
        deepStrictEqual(contents(), { tenants: [tenant("shop")] })
      }
    })
  )

  const user = DevelopmentUsers.defaultUser
  const shop = tenant("shop")
  const wrong: ReadonlyArray<readonly [contents: unknown, what: string]> = [
    ['{"tenants": [{"token": "planted-token', "it is not valid JSON"],
    ["", "it is not valid JSON"],
    [[], "it is not an object"],
    [{}, "tenants is missing"],
    [{ tenants: {} }, "tenants is not a list"],
    [{ tenants: [] }, "it has no tenants"],
    [{ tenants: [shop], planted: 1 }, 'it has the unknown key "planted"'],
    [{ tenants: ["planted"] }, "tenants[0] is not an object"],
    [{ tenants: [tenant("a b")] }, "tenants[0].name is not up to 64 letters, digits, `.`, `_` and `-`"],
    [{ tenants: [tenant("shop", { name: 1 })] }, "tenants[0].name is not up to 64 letters"],
    [
      { tenants: [tenant("shop", { nextSigningkey: "x" })] },
      'tenants[0] has the unknown key "nextSigningkey"'
    ],
    [{ tenants: [tenant("shop", { token: undefined })] }, "tenants[0] needs either token or tokenSha256"],
    [
      { tenants: [tenant("shop", { tokenSha256: sha256("x") })] },
      "tenants[0] needs either token or tokenSha256"
    ],
    [{ tenants: [tenant("shop", { token: "planted" })] }, "tenants[0].token is not at least 16 characters"],
    [{ tenants: [tenant("shop", { token: "planted planted planted" })] }, "without whitespace"],
    [
      { tenants: [tenant("shop", { token: undefined, tokenSha256: "planted" })] },
      "tenants[0].tokenSha256 is not 64 hexadecimal digits"
    ],
    [
      { tenants: [shop, tenant("blog", { nextSigningKey: undefined })] },
      "tenants[1].nextSigningKey is missing"
    ],
    [
      { tenants: [tenant("shop", { nextSigningKey: shop.currentSigningKey })] },
      "has the same signing key twice"
    ],
    [{ tenants: [shop, tenant("shop", { token: "planted-other-token" })] }, "have the same name"],
    [
      {
        tenants: [shop, tenant("blog", { token: undefined, tokenSha256: sha256(shop.token).toUpperCase() })]
      },
      "tenants[0] and tenants[1] have the same token"
    ],
    [{ tenants: [shop], allowedHosts: "planted" }, "allowedHosts is not a list"],
    [{ tenants: [shop], allowedHosts: ["https://planted"] }, "allowedHosts[0] is not a name or an address"],
    [
      { tenants: [tenant("shop", { token: Redacted.value(user.token) })] },
      "tenants[0] has the token of a development user, which is public"
    ],
    [
      {
        tenants: [
          tenant("shop", { token: undefined, tokenSha256: sha256(Redacted.value(user.readOnlyToken)) })
        ]
      },
      "tenants[0] has the token of a development user, which is public"
    ],
    [
      { tenants: [tenant("shop", { nextSigningKey: Redacted.value(user.currentSigningKey) })] },
      "tenants[0] has a signing key of a development user, which is public"
    ]
  ]
  for (const [contents, what] of wrong) {
    const text = typeof contents === "string" ? contents : JSON.stringify(contents)
    it.scoped(`is refused when ${what}, and no value of it is shown`, () =>
      Effect.gen(function* () {
        const { env, file, write } = yield* inDirectory
        write(text)
        const fromFile = yield* cli("serve", { env })
        const fromVariable = yield* cli("serve", { env: { QSTASH_TENANTS: text === "" ? "x" : text } })
        for (const [{ code, stderr, stdout }, source] of [
          [fromFile, file],
          [fromVariable, "QSTASH_TENANTS"]
        ] as const) {
          strictEqual(code, 2)
          strictEqual(stdout, "")
          assertInclude(stderr, `error: ${source}: `)
          assertInclude(stderr, what)
          assertFalse(stderr.replaceAll(what, "").includes("planted"))
        }
      })
    )
  }
})

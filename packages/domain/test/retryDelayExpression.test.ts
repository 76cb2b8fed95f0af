import { InvalidRetryDelayExpression, RetryDelayExpression } from "@effect-qstash/domain/RetryDelayExpression"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertFalse, assertTrue, strictEqual, throws } from "@effect/vitest/utils"
import { Duration, Either, Equal, FastCheck, Hash, Schema } from "effect"

const delayOf = (text: string, retried = 0): number =>
  Duration.toMillis(RetryDelayExpression.make(text).delay(retried))

const reasonOf = (text: string): string =>
  Either.match(RetryDelayExpression.parse(text), {
    onLeft: (error) => error.reason,
    onRight: (expression) => `no error, but ${expression.text}`
  })

describe("RetryDelayExpression", () => {
  it.each([
    ["1000", 0, 1_000],
    ["1.5", 0, 1],
    ["0", 3, 0],
    ["1000 * (1 + retried)", 0, 1_000],
    ["1000 * (1 + retried)", 2, 3_000],
    ["pow(2, retried) * 1000", 4, 16_000],
    ["min(60000, pow(2, retried) * 1000)", 10, 60_000],
    ["max(5, retried)", 9, 9],
    ["sqrt(16)", 0, 4],
    ["abs(-7)", 0, 7],
    ["floor(2.7) + ceil(2.1) + round(2.5)", 0, 8],
    ["10 + floor(-1.5)", 0, 8],
    ["10 + ceil(-1.5)", 0, 9],
    ["exp(retried)", 2, 7],
    ["2 + 3 * 4", 0, 14],
    ["(2 + 3) * 4", 0, 20],
    ["100 - 10 - 1", 0, 89],
    ["100 / 10 / 2", 0, 5],
    ["100 / 10 * 2", 0, 20],
    ["10 - -5", 0, 15],
    ["--5", 0, 5],
    ["-2 * -3", 0, 6],
    ["\t 1 +\t2 ", 0, 3],
    ["((((5))))", 0, 5]
  ])("%s with retried = %d is %d ms", (text, retried, millis) => {
    strictEqual(delayOf(text, retried), millis)
  })

  it.each(["0 - 1", "-1000", "0 / 0", "sqrt(-1)", "-1 / 0"])("%s is no wait", (text) => {
    strictEqual(delayOf(text), 0)
  })

  it.each(["86400001", "1 / 0", "exp(1000)", "9".repeat(400)])("caps %s at a day", (text) => {
    strictEqual(delayOf(text), 86_400_000)
  })

  it("takes a retried count that is not a number for no wait", () => {
    strictEqual(delayOf("1000 * retried", Number.NaN), 0)
  })

  it.each([
    ["", "empty text"],
    ["   ", "empty text"],
    ["retries * 2", 'unknown name "retries" at position 1'],
    ["1000 * Retried", 'unknown name "Retried" at position 8'],
    ["constructor(1)", 'unknown name "constructor" at position 1'],
    ["__proto__", 'unknown name "__proto__" at position 1'],
    ["1 +", 'expected a number, "retried", a function or "(" at position 4, found the end'],
    ["1 + )", 'expected a number, "retried", a function or "(" at position 5, found ")"'],
    ["* 2", 'expected a number, "retried", a function or "(" at position 1, found "*"'],
    ["+5", 'expected a number, "retried", a function or "(" at position 1, found "+"'],
    ["()", 'expected a number, "retried", a function or "(" at position 2, found ")"'],
    ["(1", 'expected an operator or ")" at position 3, found the end'],
    ["1 2", 'expected an operator at position 3, found "2"'],
    ["1)", 'expected an operator at position 2, found ")"'],
    ["1, 2", 'expected an operator at position 2, found ","'],
    ["2(3)", 'expected an operator at position 2, found "("'],
    ["retried(1)", 'expected an operator at position 8, found "("'],
    ["1e3", 'expected an operator at position 2, found "e3"'],
    ["2 ** 3", 'expected a number, "retried", a function or "(" at position 4, found "*"'],
    ["pow", 'expected "(" after pow at position 4, found the end'],
    ["pow(2)", 'expected an operator or ",", since pow takes two arguments, at position 6, found ")"'],
    ["max(1, 2, 3)", 'expected an operator or ")", since max takes two arguments, at position 9, found ","'],
    ["sqrt(1, 2)", 'expected an operator or ")", since sqrt takes one argument, at position 7, found ","'],
    ["sqrt()", 'expected a number, "retried", a function or "(" at position 6, found ")"'],
    ["1.", 'unexpected "." at position 2'],
    [".5", 'unexpected "." at position 1'],
    ["2 ^ 3", 'unexpected "^" at position 3'],
    ["1 % 2", 'unexpected "%" at position 3'],
    ["1\n+ 2", 'unexpected "\\n" at position 2'],
    ["1 + 😀", 'unexpected "😀" at position 5'],
    ["process.exit(1)", 'unexpected "." at position 8']
  ])("refuses %j: %s", (text, reason) => {
    strictEqual(reasonOf(text), reason)
  })

  it("quotes at most 100 characters of a name", () => {
    strictEqual(reasonOf("a".repeat(1_000)), `unknown name "${"a".repeat(100)}…" at position 1`)
  })

  it("reads 64 levels and refuses the next one", () => {
    strictEqual(delayOf(`${"(".repeat(64)}5${")".repeat(64)}`), 5)
    strictEqual(delayOf(`${"-".repeat(64)}5`), 5)
    strictEqual(reasonOf(`${"(".repeat(65)}5${")".repeat(65)}`), "more than 64 levels deep at position 66")
    strictEqual(reasonOf(`${"-".repeat(65)}5`), "more than 64 levels deep at position 66")
    strictEqual(reasonOf("abs(".repeat(65)), "more than 64 levels deep at position 261")
  })

  it("reads 1024 characters and refuses the next one", () => {
    strictEqual(delayOf(`${"1+".repeat(511)}10`), 521)
    strictEqual(reasonOf(`${"1+".repeat(512)}1`), "longer than 1024 characters")
  })

  it.each(["(", "-", "1+", "pow(", "x", "1", " 1", "\u0000", "💥"])("refuses ten kilobytes of %j", (junk) => {
    strictEqual(reasonOf(junk.repeat(10_000 / junk.length)), "longer than 1024 characters")
  })

  it("has QStash's way to say that a value is invalid", () => {
    const error = new InvalidRetryDelayExpression({ reason: "empty text" })
    strictEqual(error.message, "Invalid retry delay expression: empty text")
    throws(() => RetryDelayExpression.make(""), error)
  })

  it("is its text, without the blanks around it", () => {
    const expression = RetryDelayExpression.make("  1000 *  retried ")
    strictEqual(expression.text, "1000 *  retried")
    strictEqual(String(expression), "1000 *  retried")
    strictEqual(JSON.stringify({ expression }), '{"expression":"1000 *  retried"}')
  })

  it("equals an expression with the same text", () => {
    const [one, same, other] = ["1000", "1000", "2000"].map((text) => RetryDelayExpression.make(text))
    assertTrue(Equal.equals(one, same))
    strictEqual(Hash.hash(one), Hash.hash(same))
    assertFalse(Equal.equals(one, other))
    assertFalse(Equal.equals(one, "1000"))
  })

  it("is told from its text", () => {
    assertTrue(RetryDelayExpression.isRetryDelayExpression(RetryDelayExpression.make("1")))
    assertFalse(RetryDelayExpression.isRetryDelayExpression("1"))
    assertFalse(RetryDelayExpression.isRetryDelayExpression(null))
  })
})

describe("RetryDelayExpression.FromString", () => {
  const decode = Schema.decodeUnknownEither(RetryDelayExpression.FromString)
  const encode = Schema.encodeEither(RetryDelayExpression.FromString)
  const message = (value: unknown): string =>
    Either.match(decode(value), { onLeft: (error) => error.message, onRight: String })

  it.prop("decodes what it encoded", [RetryDelayExpression.FromString], ([expression]) => {
    assertEquals(Either.flatMap(encode(expression), decode), Either.right(expression))
  })

  it("says in one line what is wrong with which text", () => {
    strictEqual(
      message("2 ^ retried"),
      'Invalid retry delay expression: unexpected "^" at position 3 in "2 ^ retried"'
    )
    strictEqual(message(1000), "Expected a retry delay expression, got 1000")
  })

  it.prop("answers any text with an expression or an error", [FastCheck.string()], ([text]) => {
    assertEquals(Either.isRight(decode(text)), Either.isRight(RetryDelayExpression.parse(text)))
  })
})

type Ast = number | "retried" | Node
interface Node {
  readonly name: string
  readonly operands: ReadonlyArray<Ast>
}

const { ast } = FastCheck.letrec<{ ast: Ast }>((tie) => ({
  ast: FastCheck.oneof(
    { maxDepth: 5 },
    FastCheck.nat(10_000),
    FastCheck.nat(10_000).map((n) => n / 100),
    FastCheck.constant("retried" as const),
    FastCheck.record({
      name: FastCheck.constantFrom("negate", "sqrt", "abs", "exp", "floor", "ceil", "round"),
      operands: FastCheck.tuple(tie("ast"))
    }),
    FastCheck.record({
      name: FastCheck.constantFrom("+", "-", "*", "/", "pow", "min", "max"),
      operands: FastCheck.tuple(tie("ast"), tie("ast"))
    })
  )
}))

const strength = (node: Ast): number =>
  typeof node === "object" ? ({ "+": 1, "-": 1, "*": 2, "/": 2 }[node.name] ?? 3) : 3

/** Writes only the parentheses that precedence and left association call for. */
const render = (node: Ast, blank: string): string => {
  if (typeof node !== "object") return String(node)
  const { name, operands } = node
  const operand = (index: number, atLeast: number): string => {
    const inner = operands[index] ?? 0
    return strength(inner) < atLeast ? `(${render(inner, blank)})` : render(inner, blank)
  }
  const own = strength(node)
  if (own < 3) return `${operand(0, own)}${blank}${name}${blank}${operand(1, own + 1)}`
  return name === "negate"
    ? `-${blank}${operand(0, 3)}`
    : `${name}(${operands.map((inner) => render(inner, blank)).join(`,${blank}`)})`
}

const meaning: Readonly<Record<string, (a: number, b: number) => number>> = {
  negate: (a) => -a,
  sqrt: (a) => Math.sqrt(a),
  abs: (a) => Math.abs(a),
  exp: (a) => Math.exp(a),
  floor: (a) => Math.floor(a),
  ceil: (a) => Math.ceil(a),
  round: (a) => Math.round(a),
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  pow: (a, b) => a ** b,
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b)
}

const reference = (node: Ast, retried: number): number => {
  if (node === "retried") return retried
  if (typeof node === "number") return node
  const [a = 0, b = 0] = node.operands.map((operand) => reference(operand, retried))
  return meaning[node.name]?.(a, b) ?? Number.NaN
}

describe("any expression", () => {
  it.prop(
    "comes to what its tree comes to",
    [ast, FastCheck.nat(20), FastCheck.constantFrom("", " ", "\t")],
    ([tree, retried, blank]) => {
      const text = render(tree, blank)
      FastCheck.pre(text.length <= 1024)
      const value = reference(tree, retried)
      strictEqual(delayOf(text, retried), value > 0 ? Math.trunc(Math.min(value, 86_400_000)) : 0, text)
    },
    { fastCheck: { numRuns: 500 } }
  )

  it.prop(
    "of junk made of its own letters is refused or read, never a crash",
    [
      FastCheck.array(
        FastCheck.constantFrom("1", "2.5", "retried", "pow", "(", ")", ",", "-", "+", "*", "/", " ", "x")
      )
    ],
    ([parts]) => {
      const result = RetryDelayExpression.parse(parts.join(""))
      assertTrue(Either.isLeft(result) || Duration.lessThanOrEqualTo(result.right.delay(1), Duration.days(1)))
    },
    { fastCheck: { numRuns: 500 } }
  )
})

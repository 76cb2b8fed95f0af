import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Equal from "effect/Equal"
import { identity } from "effect/Function"
import * as Hash from "effect/Hash"
import { NodeInspectSymbol } from "effect/Inspectable"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { textCodec } from "./internal/effectSchema.ts"
import { quote } from "./internal/quote.ts"

const TypeId: unique symbol = Symbol.for("@effect-qstash/domain/RetryDelayExpression")

const maxLength = 1024
const maxDepth = 64
const maxDelayMillis = 86_400_000

/**
 * The text is not a valid retry-delay expression. `reason` says what is wrong and at which position, counted from 1.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidRetryDelayExpression extends Schema.TaggedError<InvalidRetryDelayExpression>()(
  "InvalidRetryDelayExpression",
  { reason: Schema.String }
) {
  override get message(): string {
    return `Invalid retry delay expression: ${this.reason}`
  }
}

/**
 * The arithmetic of `Upstash-Retry-Delay`: how many milliseconds to wait before a retry, such as
 * `min(60000, pow(2, retried) * 1000)`.
 *
 * Supports the variable `retried`, whole and decimal numbers, `+ - * /`, parentheses, the functions `pow`, `min` and
 * `max` of two arguments, and `sqrt`, `abs`, `exp`, `floor`, `ceil` and `round` of one. The text has at most 1024
 * characters and 64 levels. Two expressions are equal if their texts are.
 *
 * @since 0.1.0
 * @category models
 */
export class RetryDelayExpression implements Equal.Equal {
  readonly [TypeId] = TypeId
  /** The expression as it was written, without surrounding whitespace. */
  readonly text: string
  readonly #expression: Expression

  private constructor(text: string, expression: Expression) {
    this.text = text
    this.#expression = expression
  }

  /** Parses an expression, or says what is wrong with it. */
  static parse(text: string): Either.Either<RetryDelayExpression, InvalidRetryDelayExpression> {
    const trimmed = text.trim()
    return Either.map(parseExpression(trimmed), (expression) => new RetryDelayExpression(trimmed, expression))
  }

  /** Like `parse`, but throws the `InvalidRetryDelayExpression`. */
  static make(text: string): RetryDelayExpression {
    return Either.getOrThrowWith(RetryDelayExpression.parse(text), identity)
  }

  /** Whether a value is a parsed expression; many options also take its text. */
  static isRetryDelayExpression(value: unknown): value is RetryDelayExpression {
    return Predicate.hasProperty(value, TypeId)
  }

  /** Encodes an expression as its text. */
  static readonly FromString: Schema.Schema<RetryDelayExpression, string> = textCodec({
    identifier: "RetryDelayExpressionFromString",
    typeIdentifier: "RetryDelayExpression",
    is: (value) => RetryDelayExpression.isRetryDelayExpression(value),
    arbitrary: (fc) =>
      fc
        .tuple(fc.nat(86_400_000), fc.constantFrom("", " * retried", " * pow(2, retried)", " - exp(retried)"))
        .map(([millis, growth]) => RetryDelayExpression.make(`${millis}${growth}`)),
    decode: (text) => Either.getOrUndefined(RetryDelayExpression.parse(text)),
    encode: ({ text }) => text,
    problem
  })

  /**
   * The wait after `retried` earlier retries (0 before the first one), in whole milliseconds and at most a day. A
   * negative result, or one that is not a number, means no wait.
   */
  delay(retried: number): Duration.Duration {
    const millis = this.#expression(retried)
    return Duration.millis(millis > 0 ? Math.trunc(Math.min(millis, maxDelayMillis)) : 0)
  }

  [Equal.symbol](that: unknown): boolean {
    return RetryDelayExpression.isRetryDelayExpression(that) && this.text === that.text
  }

  [Hash.symbol](): number {
    return Hash.string(this.text)
  }

  toString(): string {
    return this.text
  }

  toJSON(): string {
    return this.text
  }

  [NodeInspectSymbol](): string {
    return this.text
  }
}

/** Milliseconds, from the number of earlier retries. */
type Expression = (retried: number) => number

type Operation = (...numbers: ReadonlyArray<number>) => number

// A record would also have `constructor` and `__proto__`.
const additive: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ["+", (left = 0, right = 0) => left + right],
  ["-", (left = 0, right = 0) => left - right]
])

const multiplicative: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ["*", (left = 0, right = 0) => left * right],
  ["/", (left = 0, right = 0) => left / right]
])

/** Each takes as many arguments as its `length`. */
const functions: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ["pow", Math.pow],
  ["min", Math.min],
  ["max", Math.max],
  ["sqrt", Math.sqrt],
  ["abs", Math.abs],
  ["exp", Math.exp],
  ["floor", Math.floor],
  ["ceil", Math.ceil],
  ["round", Math.round]
])

const applied =
  (operation: Operation, args: ReadonlyArray<Expression>): Expression =>
  (retried) =>
    operation(...args.map((argument) => argument(retried)))

function parseExpression(text: string): Either.Either<Expression, InvalidRetryDelayExpression> {
  try {
    if (text === "") return invalid("empty text")
    if (text.length > maxLength) return invalid(`longer than ${maxLength} characters`)
    return Either.right(compile(tokenize(text)))
  } catch (error) {
    if (error instanceof InvalidRetryDelayExpression) return Either.left(error)
    throw error
  }
}

interface Token {
  readonly kind: "number" | "name" | "symbol" | "end"
  readonly text: string
  readonly position: number
}

function tokenize(text: string): ReadonlyArray<Token> {
  const pattern = /[ \t]*(?:(\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|([-+*/(),]))/y
  const tokens: Array<Token> = []
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex
    const match = pattern.exec(text)
    if (match === null) {
      const rest = text.slice(start).replace(/^[ \t]+/, "")
      const character = String.fromCodePoint(rest.codePointAt(0) ?? 0)
      return invalid(`unexpected ${quote(character)} at position ${text.length - rest.length + 1}`)
    }
    const [, number, name, symbol] = match
    const token = number ?? name ?? symbol ?? ""
    tokens.push({
      kind: number === undefined ? (name === undefined ? "symbol" : "name") : "number",
      text: token,
      position: pattern.lastIndex - token.length + 1
    })
  }
  return tokens
}

/**
 * Recursive descent, one function for each rule:
 *
 * ```
 * sum     = product { ("+" | "-") product }
 * product = operand { ("*" | "/") operand }
 * operand = number | "retried" | "-" operand | "(" sum ")" | name "(" sum [ "," sum ] ")"
 * ```
 */
function compile(tokens: ReadonlyArray<Token>): Expression {
  const last = tokens.at(-1)
  const end: Token = {
    kind: "end",
    text: "",
    position: last === undefined ? 1 : last.position + last.text.length
  }
  let index = 0
  const current = (): Token => tokens[index] ?? end

  const unexpected = (expected: string): never => {
    const { kind, position, text } = current()
    return invalid(
      `expected ${expected} at position ${position}, found ${kind === "end" ? "the end" : quote(text)}`
    )
  }

  const skip = (symbol: string, expected: string): void => {
    if (current().text !== symbol) unexpected(expected)
    index++
  }

  const chain = (operators: ReadonlyMap<string, Operation>, part: () => Expression): Expression => {
    let left = part()
    for (;;) {
      const operation = operators.get(current().text)
      if (operation === undefined) return left
      index++
      left = applied(operation, [left, part()])
    }
  }

  const sum = (depth: number): Expression =>
    chain(additive, () => chain(multiplicative, () => operand(depth)))

  const operand = (depth: number): Expression => {
    const { kind, position, text } = current()
    if (depth > maxDepth) return invalid(`more than ${maxDepth} levels deep at position ${position}`)
    if (kind === "number") {
      index++
      return () => Number(text)
    }
    if (kind === "name") {
      index++
      return text === "retried" ? identity : call(text, position, depth)
    }
    if (text === "-") {
      index++
      return applied((argument = 0) => -argument, [operand(depth + 1)])
    }
    skip("(", 'a number, "retried", a function or "("')
    const inner = sum(depth + 1)
    skip(")", 'an operator or ")"')
    return inner
  }

  const call = (name: string, position: number, depth: number): Expression => {
    const operation = functions.get(name)
    if (operation === undefined) return invalid(`unknown name ${quote(name)} at position ${position}`)
    const takes = `since ${name} takes ${operation.length === 1 ? "one argument" : "two arguments"},`
    skip("(", `"(" after ${name}`)
    const args = [sum(depth + 1)]
    while (args.length < operation.length) {
      skip(",", `an operator or ",", ${takes}`)
      args.push(sum(depth + 1))
    }
    skip(")", `an operator or ")", ${takes}`)
    return applied(operation, args)
  }

  const expression = sum(0)
  return current().kind === "end" ? expression : unexpected("an operator")
}

/** Thrown, because a parser reads better without an Either at each step. `parseExpression` catches it. */
function invalid(reason: string): never {
  throw new InvalidRetryDelayExpression({ reason })
}

function problem(actual: unknown): string {
  return typeof actual === "string"
    ? Either.match(RetryDelayExpression.parse(actual), {
        onLeft: (error) => `${error.message} in ${quote(actual)}`,
        onRight: () => "Expected a retry delay expression"
      })
    : `Expected a retry delay expression, got ${quote(actual)}`
}

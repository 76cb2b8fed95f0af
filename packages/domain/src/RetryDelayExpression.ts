/**
 * @since 0.1.0
 */
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
    const millis = evaluate(this.#expression, retried)
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

type Expression =
  | { readonly kind: "Number"; readonly value: number }
  | { readonly kind: "Retried" }
  | { readonly kind: "Unary"; readonly apply: UnaryFunction; readonly argument: Expression }
  | {
      readonly kind: "Binary"
      readonly apply: BinaryFunction
      readonly left: Expression
      readonly right: Expression
    }

type UnaryFunction = (argument: number) => number
type BinaryFunction = (left: number, right: number) => number

// A record would also have `constructor` and `__proto__`.
const additive: ReadonlyMap<string, BinaryFunction> = new Map<string, BinaryFunction>([
  ["+", (left, right) => left + right],
  ["-", (left, right) => left - right]
])

const multiplicative: ReadonlyMap<string, BinaryFunction> = new Map<string, BinaryFunction>([
  ["*", (left, right) => left * right],
  ["/", (left, right) => left / right]
])

const unaryFunctions: ReadonlyMap<string, UnaryFunction> = new Map([
  ["sqrt", Math.sqrt],
  ["abs", Math.abs],
  ["exp", Math.exp],
  ["floor", Math.floor],
  ["ceil", Math.ceil],
  ["round", Math.round]
])

const binaryFunctions: ReadonlyMap<string, BinaryFunction> = new Map<string, BinaryFunction>([
  ["pow", Math.pow],
  ["min", Math.min],
  ["max", Math.max]
])

function evaluate(expression: Expression, retried: number): number {
  if (expression.kind === "Number") return expression.value
  if (expression.kind === "Retried") return retried
  return expression.kind === "Unary"
    ? expression.apply(evaluate(expression.argument, retried))
    : expression.apply(evaluate(expression.left, retried), evaluate(expression.right, retried))
}

type Parsed<A> = Either.Either<A, InvalidRetryDelayExpression>

function parseExpression(text: string): Parsed<Expression> {
  if (text === "") {
    return invalid("empty text")
  }
  return text.length > maxLength
    ? invalid(`longer than ${maxLength} characters`)
    : Either.flatMap(tokenize(text), (tokens) => new Parser(tokens).parse())
}

interface Token {
  readonly kind: "number" | "name" | "symbol" | "end"
  readonly text: string
  readonly position: number
}

function tokenize(text: string): Parsed<Array<Token>> {
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
  return Either.right(tokens)
}

/**
 * Recursive descent, one method for each rule:
 *
 * ```
 * sum     = product { ("+" | "-") product }
 * product = operand { ("*" | "/") operand }
 * operand = number | "retried" | "-" operand | "(" sum ")" | name "(" sum [ "," sum ] ")"
 * ```
 */
class Parser {
  readonly #tokens: ReadonlyArray<Token>
  readonly #end: Token
  #index = 0

  constructor(tokens: ReadonlyArray<Token>) {
    const last = tokens.at(-1)
    this.#tokens = tokens
    this.#end = { kind: "end", text: "", position: last === undefined ? 1 : last.position + last.text.length }
  }

  parse(): Parsed<Expression> {
    return Either.gen(this, function* () {
      const expression = yield* this.sum(0)
      return this.token.kind === "end" ? expression : yield* this.unexpected("an operator")
    })
  }

  private sum(depth: number): Parsed<Expression> {
    return this.chain(additive, () => this.product(depth))
  }

  private product(depth: number): Parsed<Expression> {
    return this.chain(multiplicative, () => this.operand(depth))
  }

  private chain(
    operators: ReadonlyMap<string, BinaryFunction>,
    part: () => Parsed<Expression>
  ): Parsed<Expression> {
    return Either.gen(this, function* () {
      let left = yield* part()
      for (;;) {
        const apply = operators.get(this.token.text)
        if (apply === undefined) {
          return left
        }
        this.#index++
        left = { kind: "Binary", apply, left, right: yield* part() }
      }
    })
  }

  private operand(depth: number): Parsed<Expression> {
    return Either.gen(this, function* () {
      const token = this.token
      if (depth > maxDepth) {
        return yield* invalid(`more than ${maxDepth} levels deep at position ${token.position}`)
      }
      if (token.kind === "number") {
        this.#index++
        return { kind: "Number", value: Number(token.text) }
      }
      if (token.kind === "name") {
        this.#index++
        return token.text === "retried" ? { kind: "Retried" } : yield* this.call(token, depth)
      }
      if (token.text === "-") {
        this.#index++
        return { kind: "Unary", apply: (argument) => -argument, argument: yield* this.operand(depth + 1) }
      }
      yield* this.expect("(", 'a number, "retried", a function or "("')
      const inner = yield* this.sum(depth + 1)
      yield* this.expect(")", 'an operator or ")"')
      return inner
    })
  }

  private call({ position, text: name }: Token, depth: number): Parsed<Expression> {
    return Either.gen(this, function* () {
      const unary = unaryFunctions.get(name)
      if (unary !== undefined) {
        yield* this.expect("(", `"(" after ${name}`)
        const argument = yield* this.sum(depth + 1)
        yield* this.expect(")", `an operator or ")", since ${name} takes one argument,`)
        return { kind: "Unary", apply: unary, argument }
      }
      const binary = binaryFunctions.get(name)
      if (binary !== undefined) {
        yield* this.expect("(", `"(" after ${name}`)
        const left = yield* this.sum(depth + 1)
        yield* this.expect(",", `an operator or ",", since ${name} takes two arguments,`)
        const right = yield* this.sum(depth + 1)
        yield* this.expect(")", `an operator or ")", since ${name} takes two arguments,`)
        return { kind: "Binary", apply: binary, left, right }
      }
      return yield* invalid(`unknown name ${quote(name)} at position ${position}`)
    })
  }

  private get token(): Token {
    return this.#tokens[this.#index] ?? this.#end
  }

  private expect(symbol: string, expected: string): Parsed<void> {
    if (this.token.text !== symbol) {
      return this.unexpected(expected)
    }
    this.#index++
    return Either.void
  }

  private unexpected(expected: string): Parsed<never> {
    const { kind, position, text } = this.token
    return invalid(
      `expected ${expected} at position ${position}, found ${kind === "end" ? "the end" : quote(text)}`
    )
  }
}

function invalid(reason: string): Parsed<never> {
  return Either.left(new InvalidRetryDelayExpression({ reason }))
}

function problem(actual: unknown): string {
  return typeof actual === "string"
    ? Either.match(RetryDelayExpression.parse(actual), {
        onLeft: (error) => `${error.message} in ${quote(actual)}`,
        onRight: () => "Expected a retry delay expression"
      })
    : `Expected a retry delay expression, got ${quote(actual)}`
}

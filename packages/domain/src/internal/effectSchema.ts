/** What Effect 3 and Effect 4 write differently about schemas. Only this file has to be written once for each. */
import * as Arr from "effect/Array"
import type { LazyArbitrary } from "effect/Arbitrary"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { cut, quote } from "./quote.ts"

const Expected = Symbol.for("@effect-qstash/domain/Expected")

const expecting = (expected: string) => ({
  [Expected]: expected,
  message: ({ actual }: ParseResult.ParseIssue) => `Expected ${expected}, got ${quote(actual)}`
})

/** What a schema of this file expects, as its message says it: `a schedule id`. */
export const expectedOf = (schema: Schema.Schema.All): string =>
  Option.getOrThrow(SchemaAST.getAnnotation<string>(schema.ast, Expected))

/** An id, a name or a key: branded text that matches a pattern, a predicate, or both. */
export const brandedText = <const B extends string>(
  brand: B,
  rule: {
    readonly description: string
    readonly expected: string
    readonly pattern?: RegExp
    readonly isValid?: (text: string) => boolean
  }
) => {
  const { description, expected, isValid = () => true, pattern } = rule
  const annotations = expecting(expected)
  const text = Schema.String.annotations(annotations)
  const matching: Schema.Schema<string> =
    pattern === undefined ? text : text.pipe(Schema.pattern(pattern, annotations))
  return matching.pipe(
    Schema.filter((value) => isValid(value), annotations),
    Schema.brand(brand),
    Schema.annotations({ identifier: brand, description })
  )
}

/** One of a few texts. */
export const oneOf = <const A extends Arr.NonEmptyReadonlyArray<string>>(
  identifier: string,
  expected: string,
  ...values: A
): Schema.Literal<[...A]> => {
  const annotations = expecting(expected)
  return Schema.Literal(...values).annotations({
    ...annotations,
    identifier,
    message: (issue) => ({ message: annotations.message(issue), override: true })
  })
}

/** A name as QStash returns it. QStash stores names that are older than their rules. */
export const nameFromAnswer = <const B extends string>(brand: B) =>
  Schema.NonEmptyString.pipe(Schema.brand(brand))

/** Converts where both directions may fail, by returning undefined. */
export const partialTransform = <A, I, B>(
  from: Schema.Schema<A, I>,
  to: Schema.Schema<B>,
  options: {
    readonly decode: (value: A) => B | undefined
    readonly encode: (value: B) => A | undefined
    readonly problem: (actual: unknown) => string
  }
): Schema.Schema<B, I> => {
  const convert =
    <From, To>(direction: (value: From) => To | undefined) =>
    (value: From, _: unknown, ast: SchemaAST.AST) => {
      const converted = direction(value)
      return converted === undefined
        ? ParseResult.fail(new ParseResult.Type(ast, value, options.problem(value)))
        : ParseResult.succeed(converted)
    }
  return Schema.transformOrFail(from, to, {
    strict: true,
    decode: convert(options.decode),
    encode: convert(options.encode)
  })
}

/** A class whose values are text on the wire. */
export const textCodec = <A>(options: {
  readonly identifier: string
  readonly description?: string
  readonly typeIdentifier: string
  readonly arbitrary: LazyArbitrary<A>
  readonly is: (value: unknown) => value is A
  readonly decode: (text: string) => A | undefined
  readonly encode: (value: A) => string | undefined
  readonly problem: (actual: unknown) => string
}): Schema.Schema<A, string> =>
  partialTransform(
    Schema.String,
    Schema.declare((value: unknown): value is A => options.is(value) && options.encode(value) !== undefined, {
      identifier: options.typeIdentifier,
      arbitrary: () => options.arbitrary,
      message: (issue) => options.problem(issue.actual)
    }),
    options
  ).annotations({
    identifier: options.identifier,
    ...(options.description === undefined ? {} : { description: options.description }),
    message: (issue) => ({ message: options.problem(issue.actual), override: true })
  })

/**
 * Says where a value is not as expected, and nothing of the value: bodies and headers may be secret. Effect's own
 * formatters would write it out.
 */
export const describeIssue = ({ issue }: ParseResult.ParseError): string => {
  const keys: Array<PropertyKey> = []
  const problem = isMissing(issue, keys) ? "is missing" : "is not of the expected shape"
  const path = cut(keys.map(step).join("").replace(/^\./, ""))
  return `${path === "" ? "the JSON" : path} ${problem}`
}

/** Follows the first issue, and collects the path to it. */
const isMissing = (issue: ParseResult.ParseIssue, path: Array<PropertyKey>): boolean => {
  switch (issue._tag) {
    case "Pointer":
      for (const key of Arr.ensure(issue.path)) path.push(key)
      return isMissing(issue.issue, path)
    case "Composite": {
      const [first] = Arr.ensure(issue.issues)
      return first !== undefined && isMissing(first, path)
    }
    case "Refinement":
    case "Transformation":
      return isMissing(issue.issue, path)
    default:
      return issue._tag === "Missing"
  }
}

/** Quotes a key that is not a plain name: a dictionary may have any. */
const step = (key: PropertyKey): string =>
  typeof key === "number" ? `[${key}]` : /^\w+$/.test(String(key)) ? `.${String(key)}` : `[${quote(key)}]`

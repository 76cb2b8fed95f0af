import * as ParseResult from "effect/ParseResult"

/** Where a value does not match its schema, without anything of the value: `payload.lookback`. */
export const schemaPath = (root: string, error: ParseResult.ParseError): string => {
  const path = ParseResult.ArrayFormatter.formatErrorSync(error)[0]?.path ?? []
  return path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : `${text}.${String(step)}`),
    root
  )
}

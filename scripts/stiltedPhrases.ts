/**
 * Phrases that a native engineer would not use, and what to write instead. The check covers prose: Markdown outside of
 * code, and comments and text in sources.
 */
const phrases: ReadonlyArray<readonly [phrase: string, instead: string]> = [
  ["stands? (?:in|beside|behind)", "is"],
  ["tells? of|(?:is|are|was|be) told(?! (?:not )?to)", "reports, is notified"],
  ["pass(?:es|ed)? over", "ignore"],
  ["that there (?:is|are) not", "unknown, missing"],
  ["that (?:is|are) none", "invalid"],
  ["for ever", "forever"],
  ["answers|answered (?:with|by)", "returns, responds with"],
  ["what (?:is|was) given|what (?:a user|somebody|someone) gives", "input"],
  ["anew", "again"],
  ["bears", "has, can handle"],
  ["be it (?:by|in|as|a)", "even if only, whether"],
  ["mend(?:s|ed)?", "fix"],
  ["lets? (?:it |them )?be", "ignore"],
  ["goes not|go not", "does not go, cannot be combined"],
  ["is no (?:option|setting|header|valid)", "is not a"],
  ["stumble[sd]?", "fail"],
  ["again, when", "revisit when"]
]

/** In the documentation, QStash, the local server and the test layer are implementations. `contract` calls them homes. */
const documentationPhrases: typeof phrases = [...phrases, ["homes?", "implementation"]]

const patternOf = (list: typeof phrases): ReadonlyArray<readonly [RegExp, string]> =>
  list.map(([phrase, instead]) => [new RegExp(`\\b(?:${phrase.replaceAll(" ", "\\s+")})\\b`, "gi"), instead])

const inSources = patternOf(phrases)
const inDocumentation = patternOf(documentationPhrases)

/** Spaces for all but line breaks, so that places stay the same. */
const blank = (text: string): string => text.replaceAll(/[^\n]/g, " ")

const find = (file: string, prose: string, patterns: typeof inSources): ReadonlyArray<string> =>
  patterns.flatMap(([pattern, instead]) =>
    Array.from(prose.matchAll(pattern), (match) => {
      const line = prose.slice(0, match.index).split("\n").length
      return `${file}:${line} says "${match[0].replaceAll(/\s+/g, " ")}": write "${instead}" or the like`
    })
  )

export const stiltedInMarkdown = (file: string, text: string): ReadonlyArray<string> => {
  const prose = text.replaceAll(/^ *(`{3,})[^\n]*\n[\s\S]*?^ *\1$|`[^`\n]+`|\]\([^)]*\)/gm, blank)
  return find(file, prose, file === "packages/contract/README.md" ? inSources : inDocumentation)
}

/** Comments and texts. A regular expression with a quote confuses it until the end of the line. */
const proseTokens = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g

export const stiltedInSource = (file: string, text: string): ReadonlyArray<string> => {
  let prose = ""
  for (const { 0: token, index } of text.matchAll(proseTokens)) {
    const isComment = token.startsWith("/")
    prose += blank(text.slice(prose.length, index))
    // A text without a space is a name or a path.
    if (isComment) prose += token.replaceAll(/^ *\*|`[^`\n]+`/gm, blank)
    else prose += token.includes(" ") ? token : blank(token)
  }
  return find(file, prose, inSources)
}

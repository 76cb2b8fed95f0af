/** As `JSON.stringify` leaves them: it escapes only what JSON itself does not allow. */
const invisible = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu

const escaped = (character: string): string => {
  let text = ""
  for (let index = 0; index < character.length; index++) {
    text += `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`
  }
  return text
}

/**
 * JSON that is safe to show: characters that control a terminal, hide text or turn its direction are written as `\uXXXX`,
 * which reads back as the same value.
 */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(invisible, escaped)

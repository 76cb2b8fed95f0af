/** Cuts text that came from outside, so that a line stays a line however long the text was. */
export const cut = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text)

export const quote = (text: string): string => JSON.stringify(cut(text))

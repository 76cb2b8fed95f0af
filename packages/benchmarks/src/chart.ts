import type { Row } from "./measure.ts"

const colours = ["#2f6fde", "#e08a1e", "#3a9d5d", "#8a63d2"]
const font = 'font-family="system-ui, sans-serif" font-size="13"'
const width = 760
const left = 210
const barHeight = 16
const gap = 10

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

/** Horizontal bars of how many times as fast each is. The line at 1 is the other side. Far ratios get a logarithmic scale. */
export const chartOf = (chart: "client" | "others", title: string, rows: ReadonlyArray<Row>): string => {
  const bars = rows.flatMap(({ bar, ratio }) => (bar?.chart === chart ? [{ ...bar, ratio }] : []))
  const groups = [...new Set(bars.map(({ group }) => group))]
  const labels = [...new Set(bars.map(({ label }) => label))]
  const most = bars.reduce((found, { ratio }) => Math.max(found, ratio), 1)
  const isFar = most > 20
  const scale = (ratio: number): number =>
    ((isFar ? Math.log10(Math.max(1, ratio)) / Math.log10(most) : ratio / most) || 0) * (width - left - 80)
  const parts: Array<string> = []
  let y = 64
  for (const group of groups) {
    const own = bars.filter((bar) => bar.group === group)
    parts.push(
      `<text x="${left - 10}" y="${y + (own.length * barHeight) / 2 + 4}" text-anchor="end">${escape(group)}</text>`
    )
    for (const { label, ratio } of own) {
      const length = scale(ratio)
      parts.push(
        `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${barHeight - 2}" fill="${colours[labels.indexOf(label) % colours.length]}"/>`,
        `<text x="${(left + length + 6).toFixed(1)}" y="${y + 12}">${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)}</text>`
      )
      y += barHeight
    }
    y += gap
  }
  const legend = labels.map(
    (label, index) =>
      `<rect x="${16 + index * 185}" y="36" width="12" height="12" fill="${colours[index % colours.length]}"/>` +
      `<text x="${34 + index * 185}" y="47">${escape(label)}</text>`
  )
  const line = left + scale(1)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 10}" role="img" ${font} fill="#222">
<title>${escape(title)}</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="16" y="24" font-weight="bold">${escape(title)}</text>
${legend.join("\n")}
${parts.join("\n")}
<line x1="${line.toFixed(1)}" x2="${line.toFixed(1)}" y1="58" y2="${y}" stroke="#c0392b" stroke-dasharray="4 3"/>
</svg>
`
}

import type { Typed } from './run-journey.ts'

const WIDTH = 980
const LINE = 19
const TOP = 44
const SIDE = 18
const COLUMNS = 112
/** How long it takes to type, to run, and to read. */
const TYPE_MS = 28
const READ_MS = 1_600
const END_MS = 6_000

interface Row {
  readonly text: string
  readonly isCommand: boolean
  readonly atMs: number
}

/** What was typed and answered as an SVG that plays by itself, without a script; who wants no motion sees all of it at once. */
export function drawRecording(typed: readonly Typed[]): string {
  const { rows, endMs } = layOut(typed)
  const height = TOP + rows.length * LINE + SIDE
  const texts = rows.map((row, index) => drawRow(row, { index, endMs }))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="One endpoint's journey in six commands">
<style>
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#c9d1d9;white-space:pre}
.c{fill:#7ee787}
@media(prefers-reduced-motion:no-preference){.r{animation:${endMs}ms step-end infinite}}
${rows.map(({ atMs }, index) => keyframes(index, { atMs, endMs })).join('\n')}
</style>
<rect width="${WIDTH}" height="${height}" rx="8" fill="#0d1117"/>
<circle cx="20" cy="18" r="5" fill="#ff5f56"/><circle cx="38" cy="18" r="5" fill="#ffbd2e"/><circle cx="56" cy="18" r="5" fill="#27c93f"/>
${texts.join('\n')}
</svg>
`
}

/** Every command waits until it is typed, and its answer until it has run. */
function layOut(typed: readonly Typed[]): { rows: Row[]; endMs: number } {
  const rows: Row[] = []
  let atMs = 400
  for (const { line, output, tookMs } of typed) {
    rows.push({ text: `$ ${line}`, isCommand: true, atMs })
    atMs += line.length * TYPE_MS + Math.min(tookMs, 900)
    for (const text of output.split('\n'))
      for (const part of wrap(text)) rows.push({ text: part, isCommand: false, atMs })
    rows.push({ text: '', isCommand: false, atMs })
    atMs += READ_MS
  }
  return { rows, endMs: Math.round(atMs + END_MS) }
}

function wrap(text: string): string[] {
  const parts: string[] = []
  for (let rest = text; rest.length > COLUMNS; ) {
    const blank = rest.lastIndexOf(' ', COLUMNS)
    const end = blank > 40 ? blank : COLUMNS
    parts.push(rest.slice(0, end))
    rest = rest.slice(end).trimStart()
    if (rest.length <= COLUMNS) return [...parts, rest]
  }
  return [text]
}

function keyframes(index: number, { atMs, endMs }: { atMs: number; endMs: number }): string {
  const percent = ((atMs / endMs) * 100).toFixed(2)
  return `@keyframes k${index}{0%{opacity:0}${percent}%,100%{opacity:1}}`
}

function drawRow({ text, isCommand }: Row, { index }: { index: number; endMs: number }): string {
  if (text === '') return ''
  const y = TOP + index * LINE
  return `<text class="r${isCommand ? ' c' : ''}" style="animation-name:k${index}" x="${SIDE}" y="${y}">${escapeMarkup(text)}</text>`
}

function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

import { countOf } from '../parts/format.ts'
import { type BodyLine, toLines } from './body-lines.ts'

interface AnswerTextProps {
  readonly answer: { readonly headers: readonly string[]; readonly body: string }
  readonly otherBody: string
  readonly marked: readonly string[]
}

const SHOWN = 300
const CONTEXT = 20

/** An answer as text, and as nothing but text; the lines that differ are marked with a sign, not only by colour. */
export function AnswerText({ answer, otherBody, marked }: AnswerTextProps) {
  const lines = [...headerLines(answer.headers, marked), ...toLines(answer.body, marked, otherBody)]
  // Of a long answer the part with the first difference.
  const first = Math.max(0, lines.findIndex(({ isMarked }) => isMarked) - CONTEXT)
  const from = lines.length > SHOWN ? Math.min(first, lines.length - SHOWN) : 0
  const end = from + SHOWN
  const scrollToFirst = (text: HTMLPreElement | null) => {
    const line = text?.querySelector<HTMLElement>('.marked')
    if (text && line) text.scrollTop = line.offsetTop - text.offsetTop - text.clientHeight / 3
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre class="answer-text" tabIndex={0} ref={scrollToFirst}>
      {from > 0 && <span class="line quiet">… {countOf(from, 'line')} before</span>}
      {lines.slice(from, end).map(({ text, isMarked }, index) => (
        <span key={index} class={isMarked ? 'line marked' : 'line'}>
          {isMarked ? '≠ ' : '  '}
          {text}
          {'\n'}
        </span>
      ))}
      {lines.length > end && <span class="line quiet">… {lines.length - end} more lines</span>}
    </pre>
  )
}

/** Names and values by turns. */
function headerLines(headers: readonly string[], marked: readonly string[]): BodyLine[] {
  const lines: BodyLine[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const [name = '', value = ''] = headers.slice(index, index + 2)
    lines.push({ text: `${name}: ${value}`, isMarked: marked.includes(`header:${name.toLowerCase()}`) })
  }
  return [...lines, { text: '', isMarked: false }]
}

import { type BodyLine, toLines } from './body-lines.ts'

interface AnswerTextProps {
  readonly answer: { readonly headers: readonly string[]; readonly body: string }
  readonly marked: readonly string[]
}

const SHOWN = 300

/** An answer as text, and as nothing but text; the lines that differ are marked with a sign, not only by colour. */
export function AnswerText({ answer, marked }: AnswerTextProps) {
  const lines = [...headerLines(answer.headers, marked), ...toLines(answer.body, marked)]
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre class="answer-text" tabIndex={0}>
      {lines.slice(0, SHOWN).map(({ text, isMarked }, index) => (
        <span key={index} class={isMarked ? 'line marked' : 'line'}>
          {isMarked ? '≠ ' : '  '}
          {text}
          {'\n'}
        </span>
      ))}
      {lines.length > SHOWN && <span class="line quiet">… {lines.length - SHOWN} more lines</span>}
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

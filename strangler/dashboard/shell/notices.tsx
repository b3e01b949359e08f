import { signal } from '@preact/signals'
import { Prose } from '../parts/prose.tsx'

interface Notice {
  readonly id: number
  readonly text: string
  readonly tone: 'good' | 'bad'
}

const SHOWN_MS = 8_000
const notices = signal<readonly Notice[]>([])
let lastId = 0

/** Says something that needs no answer. */
export function notify(text: string, tone: Notice['tone'] = 'good'): void {
  lastId += 1
  const notice = { id: lastId, text, tone }
  notices.value = [...notices.value.slice(-2), notice]
  setTimeout(() => {
    notices.value = notices.value.filter((one) => one !== notice)
  }, SHOWN_MS)
}

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, text, tone }) => (
        <p key={id} class={`notice ${tone}`}>
          <Prose text={text} />
        </p>
      ))}
    </div>
  )
}

import { connection } from '../api/live.ts'

const WORDS = { connecting: 'connecting', open: 'live', lost: 'reconnecting' } as const

/** Whether what is on the screen is of now. */
export function ConnectionMark() {
  return (
    <span class={`connection ${connection.value}`} role="status">
      {WORDS[connection.value]}
    </span>
  )
}

import { type ReadonlySignal, signal } from '@preact/signals'
import type { CommandAnswer } from '../../admin/contracts.ts'
import { ask } from '../api/ask.ts'
import { readName } from '../session/session.ts'
import { notify } from '../shell/notices.tsx'

/** Something that the person still has to say. */
export interface AskedField {
  readonly name: string
  readonly label: string
  readonly kind: 'number' | 'text'
  readonly value: string
  readonly min?: number
  readonly max?: number
  readonly step?: number
}

/** A command that waits for a person's word. */
export interface Asked {
  readonly title: string
  /** What will happen, one sentence a line. */
  readonly does: readonly string[]
  /** What going back costs. */
  readonly back: string
  readonly confirm: string
  readonly isDangerous?: boolean
  readonly because?: 'optional' | 'required'
  readonly fields?: readonly AskedField[]
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
  /** The version of the journal that the person has seen; undefined for what is no decision. */
  readonly version: number | undefined
  readonly timeoutMs?: number
  /** What is said when it is done. */
  readonly done?: (answer: unknown) => string
  readonly then?: () => void
}

const current = signal<Asked | undefined>(undefined)
export const asked: ReadonlySignal<Asked | undefined> = current

export function askFirst(command: Asked): void {
  current.value = command
}

export function closeAsked(): void {
  current.value = undefined
}

/** What the person has said in the dialog. */
export interface Said {
  readonly because: string
  readonly values: Readonly<Record<string, string>>
}

/** Gives the command, at the journal's version that was seen, or at a newer one that the person knows of now. */
export async function give(command: Asked, said: Said, version = command.version): Promise<string> {
  const { because } = said
  const as = readName()
  const author = version === undefined ? {} : { expectedVersion: version, ...(as === '' ? {} : { as }) }
  const answer = await ask<CommandAnswer>(command.path, {
    body: { ...command.body, ...valuesOf(command, said), ...author, ...(because === '' ? {} : { because }) },
    ...(command.timeoutMs === undefined ? {} : { timeoutMs: command.timeoutMs }),
  })
  command.then?.()
  if (answer.warning !== undefined) notify(answer.warning, 'bad')
  if (command.done !== undefined) return command.done(answer)
  return answer.changed === false ? 'It was so already.' : `Done: line ${answer.version} of the journal.`
}

function valuesOf({ fields = [] }: Asked, { values }: Said): Record<string, string | number> {
  return Object.fromEntries(
    fields.map(({ name, kind, value }) => {
      const text = (values[name] ?? value).trim()
      return [name, kind === 'number' ? Number(text) : text]
    }),
  )
}

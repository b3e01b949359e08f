import { StranglerError } from '../core/errors.ts'
import type { JournalEntry, RouteState } from '../core/words.ts'
import { EMPTY_STATE, foldJournal } from '../routing/fold-journal.ts'
import type { ChangeAnswer } from './contracts.ts'
import type { AdminContext } from './present-state.ts'

const READ_LIMIT = 1_000

/** What one line of the journal has made of the state: the fold just before it, and with it. */
export async function describeChange({ journal }: AdminContext, version: number): Promise<ChangeAnswer> {
  let before = EMPTY_STATE
  for (;;) {
    const entries = await journal.read(before.version, READ_LIMIT)
    const entry = entries.find((one) => one.version === version)
    before = foldJournal(
      before,
      entries.filter((one) => one.version < version),
    )
    if (entry !== undefined)
      return { entry: toPlain(entry), changes: listChanges(before, foldJournal(before, [entry])) }
    if (entries.length < READ_LIMIT) throw noSuchLine(version, before.version)
  }
}

function noSuchLine(version: number, last: number): StranglerError {
  return new StranglerError('STRANGLER_NOT_FOUND', `The journal has no line ${version}; its last is ${last}.`)
}

// Its event is one of those that the answer's shape names; only its lists are read-only here.
const toPlain = (entry: JournalEntry) => structuredClone(entry) as ChangeAnswer['entry']

/** The state is one record per part, by endpoint or capability: those are compared, and shown whole. */
function listChanges(before: RouteState, after: RouteState): ChangeAnswer['changes'] {
  const parts = new Set([...Object.keys(before), ...Object.keys(after)])
  parts.delete('version')
  return [...parts].flatMap((part) => {
    const [old, now] = [recordOf(before, part), recordOf(after, part)]
    return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((of) => {
      const [one, other] = [JSON.stringify(old[of]), JSON.stringify(now[of])]
      if (one === other) return []
      return [
        {
          ...{ part, of },
          ...(one === undefined ? {} : { before: one }),
          ...(other === undefined ? {} : { after: other }),
        },
      ]
    })
  })
}

function recordOf(state: RouteState, part: string): Record<string, unknown> {
  const value = (state as unknown as Record<string, unknown>)[part]
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

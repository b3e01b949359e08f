import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JournalEntry } from '../../strangler/core/words.ts'
import { createJournalCursor, type JournalCursor } from '../../strangler/state/journal-cursor.ts'

const entry = (version: number): JournalEntry => ({
  version,
  at: '2026-01-01T00:00:00.000Z',
  by: 'test',
  event: { kind: 'route.cleared', endpoint: 'GET /x' },
})

/**
 * What happens to a watcher: an append whose notification arrives or not, an old one that comes again, a read that begins, and
 * the answer of the oldest read under way.
 */
const steps = fc.array(
  fc.constantFrom(
    'append' as const,
    'append unheard' as const,
    'repeat' as const,
    'read' as const,
    'answer' as const,
  ),
  { maxLength: 60 },
)
type Step = 'append' | 'append unheard' | 'repeat' | 'read' | 'answer'

describe('the cursor of a watcher', () => {
  it('hands every entry on once and in order, whatever is lost, repeated or read at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (lived) => {
        const { seen, appended } = await live(lived, createJournalCursor)
        expect(seen).toEqual(Array.from({ length: appended }, (_, index) => index + 1))
      }),
      { numRuns: 500 },
    )
  })

  it('is watched by a property that catches a cursor which hands on whatever it is offered', async () => {
    const careless: typeof createJournalCursor = ({ onEntries }) => ({
      version: 0,
      offer(offered) {
        onEntries([offered])
        return true
      },
      catchUp: async () => undefined,
    })
    const checked = fc.check(
      fc.asyncProperty(steps, async (lived) => {
        const { seen, appended } = await live(lived, careless)
        return seen.length === appended && seen.every((version, index) => version === index + 1)
      }),
    )
    expect((await checked).failed).toBe(true)
  })

  it('does not hand on entries with a gap between them', async () => {
    const seen: JournalEntry[] = []
    const cursor = createJournalCursor({
      afterVersion: 0,
      onEntries: (entries) => seen.push(...entries),
      report: () => undefined,
    })
    await expect(cursor.catchUp(async () => [entry(1), entry(3)])).rejects.toThrow('gap')
    expect(seen).toEqual([])
  })
})

async function live(
  lived: readonly Step[],
  create: (options: Parameters<typeof createJournalCursor>[0]) => JournalCursor,
): Promise<{ seen: number[]; appended: number }> {
  const journal: JournalEntry[] = []
  const seen: number[] = []
  const answers: (() => void)[] = []
  const cursor = create({
    afterVersion: 0,
    onEntries: (entries) => seen.push(...entries.map(({ version }) => version)),
    report: (_, error) => {
      throw error
    },
  })
  // A read sees what the journal held when it began, as in PostgreSQL, and answers later.
  const read = (afterVersion: number, limit: number) =>
    new Promise<JournalEntry[]>((resolve) => {
      const found = journal.slice(afterVersion, afterVersion + limit)
      answers.push(() => resolve(found))
    })
  const offer = (offered: JournalEntry) => {
    if (!cursor.offer(offered)) void cursor.catchUp(read)
  }
  const act: Record<Step, () => void> = {
    append: () => {
      journal.push(entry(journal.length + 1))
      offer(journal.at(-1)!)
    },
    'append unheard': () => void journal.push(entry(journal.length + 1)),
    repeat: () => journal[0] && offer(journal[0]),
    read: () => void cursor.catchUp(read),
    answer: () => answers.shift()?.(),
  }
  for (const step of lived) {
    act[step]()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await answerUntil(cursor.catchUp(read), answers)
  return { seen, appended: journal.length }
}

async function answerUntil(finished: Promise<void>, answers: (() => void)[]): Promise<void> {
  let pending = true
  void finished.then(() => {
    pending = false
  })
  while (pending) {
    answers.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

import { describe, expect, it } from 'vitest'
import type { JournalEvent } from '../../strangler/core/words.ts'
import { driveCutover } from '../../strangler/rollout/drive-cutover.ts'
import type { CutoverDatabases, RolloutPorts } from '../../strangler/rollout/ports.ts'
import { stateOf } from '../support/tables.ts'

const [capability, cutoverId] = ['stock', 'c']
const never = () => new Promise<never>(() => undefined)
const refuse = () => Promise.reject(new Error('connection refused'))

const start = (forMs: number): JournalEvent[] => [
  { kind: 'sync.started', capability, epoch: 1, backfill: true },
  { kind: 'cutover.started', capability, cutoverId, to: 'service', expiresAt: Date.now() + forMs },
]
const OPEN = () => start(1_500)
const FENCED: JournalEvent = { kind: 'hold.fenced', capability, holdId: cutoverId }
const UNDONE = () => [...start(0), FENCED, { kind: 'cutover.aborted', capability, cutoverId } as const]
const DECIDED = () => [
  ...start(5_000),
  FENCED,
  { kind: 'owner.changed', capability, cutoverId, owner: 'service', epoch: 4 } as const,
]
const OPENS = { openSource: async () => undefined, easeTarget: async () => undefined }

/** Drives a cut-over on from there, with databases of which only what is given answers. @returns what it has written */
async function drive(from: () => JournalEvent[], databases: Partial<CutoverDatabases>) {
  const journal = from()
  const before = journal.length
  const ports: Partial<RolloutPorts> = {
    readState: async () => stateOf(journal),
    append: async ({ event }) => {
      journal.push(event)
      return { version: journal.length, at: '2026-01-01T00:00:00.000Z', by: 'test', event }
    },
    holdLease: async () => true,
    listRegistrations: async () => [],
    databaseClock: async () => Date.now(),
    report: () => undefined,
    clock: Date.now,
  }
  const began = Date.now()
  await driveCutover(ports as RolloutPorts, {
    ...{ capability, cutoverId, lose: new Map(), databases: databases as CutoverDatabases },
    isStopped: () => Date.now() - began > 20_000,
  })
  return journal.slice(before)
}

const undo = async (databases: Partial<CutoverDatabases>) => (await drive(UNDONE, databases)).at(-1)

const RELEASED = { kind: 'hold.aborted', capability, holdId: cutoverId }

describe('undoing a cut-over', () => {
  it.each([
    ['does not answer', never],
    ['is gone', refuse],
  ])(
    'lets the writes go on at the owner although the other database %s',
    async (_how, answer) => {
      const enter = async (_token: number, at?: 'source' | 'target') => {
        if (at !== 'source') await answer()
      }
      const opened = { openSource: async () => undefined, easeTarget: answer }
      expect(await undo({ enter, ...opened })).toEqual(RELEASED)
    },
    30_000,
  )

  it('lets no write go on before the owner has opened under its token', async () => {
    let refusals = 3
    const openSource = async () => {
      refusals--
      if (refusals > 0) throw new Error('another cut-over has begun since')
    }
    const enter = async (_token: number, at?: 'source' | 'target') => {
      if (at !== 'source') await refuse()
    }
    expect(await undo({ enter, openSource, easeTarget: refuse })).toEqual(RELEASED)
    expect(refusals).toBe(0)
  }, 30_000)

  it('is decided in time although a step before it never hears from a database', async () => {
    const journal = await drive(OPEN, { enter: async () => undefined, closeTarget: never, ...OPENS })
    expect(journal.map(({ kind }) => kind)).toEqual(['cutover.aborted', 'hold.aborted'])
  }, 30_000)
})

it('a decided cut-over opens the new owner although the old one’s database hangs', async () => {
  const enter = async (_token: number, at?: 'source' | 'target') => {
    if (at !== 'target') await never()
  }
  const journal = await drive(DECIDED, { enter, openTarget: async () => undefined })
  expect(journal).toEqual([{ kind: 'hold.released', capability, holdId: cutoverId }])
}, 30_000)

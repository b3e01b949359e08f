import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ControlDatabase, openControlDatabase } from '../../strangler/state/control-database.ts'
import { requireProgram, sayMissing } from '../support/optional.ts'
import { type CutoverStand, fillCopy, startCutoverStand, waitUntilReady } from './cutover-stand.ts'
import { startWriteLoad, type WriteLoad } from './write-load.ts'

const SLOW_MS = 60_000
const mariadbd = await requireProgram('mariadb')
const DIALECTS = [
  { kind: 'postgres' as const, name: 'PostgreSQL' },
  { kind: 'mariadb' as const, name: `MariaDB${sayMissing('mariadb')}` },
]
let stand: CutoverStand
let control: ControlDatabase
let load: WriteLoad

async function open(kind: 'postgres' | 'mariadb'): Promise<void> {
  stand = await startCutoverStand(1, { kind })
  control = await openControlDatabase(stand.urls.control)
  await fillCopy(stand)
  load = startWriteLoad(stand.proxyUrl, 10)
}

async function close(): Promise<void> {
  await load?.stop()
  await control?.stop()
  await stand?.stop()
}

const newest = async () => (await stand.admin.history({ limit: 1 })).entries[0]
const refusal = (side: 'service' | 'monolith' = 'service') =>
  stand.moveTo(side).catch((error: unknown) => error)
/** What becomes of one that nothing is in the way of beforehand; on a starved machine the copy is late now and then. */
async function undoing(attempt: () => Promise<unknown> = refusal): Promise<unknown> {
  let error: unknown
  await vi.waitFor(
    async () => {
      error = await attempt()
      expect(error).not.toMatchObject({ code: 'STRANGLER_CUTOVER_REFUSED' })
    },
    { timeout: 60_000, interval: 500 },
  )
  return error
}

/** The old owner takes writes as before, and the next attempt has nothing in its way. */
async function expectAsBefore(): Promise<void> {
  expect((await newest())?.event.kind).toBe('hold.aborted')
  await vi.waitFor(async () => expect(await stand.owner()).toBe('monolith'), 10_000)
  const before = load.added.size
  await vi.waitFor(() => expect(load.added.size).toBeGreaterThan(before + 5), { timeout: 15_000 })
  await stand.databases.monolith.query(`UPDATE item SET hits = hits WHERE number = 'seed-1'`)
  await expect(stand.databases.service.query('UPDATE entry SET count = 0')).rejects.toThrow(/strangler/i)
}

describe.each(DIALECTS)('on $name', ({ kind }) => {
  const isMissing = kind === 'mariadb' && mariadbd === undefined
  beforeAll(() => (isMissing ? undefined : open(kind)), SLOW_MS)
  afterAll(close, SLOW_MS)

  describe.skipIf(isMissing)('a cut-over is undone, and the writes go on at the old owner', () => {
    it(
      'when somebody who is registered does not say that nothing of his is in flight',
      async () => {
        const { id } = await control.registrations.register({ host: 'elsewhere', pid: 1 })
        // It has heard of everything; else it would be refused before a write is held.
        await control.registrations.report(id, { tableVersion: 1_000_000, holdsAcknowledged: [] })
        expect(await undoing()).toMatchObject({
          code: 'STRANGLER_CUTOVER_UNDONE',
          message: expect.stringContaining(id),
        })
        await expectAsBefore()
        await control.registrations.remove(id)
      },
      SLOW_MS,
    )

    it(
      'when a transaction holds a table for longer than writes may be held; it commits, and is carried',
      async () => {
        const holder = await stand.databases.monolith.begin()
        try {
          await holder.query(`UPDATE item SET hits = hits + 1000 WHERE number = 'seed-2'`)
          expect(await undoing()).toMatchObject({
            code: 'STRANGLER_CUTOVER_UNDONE',
            message: expect.stringContaining('close-source'),
          })
        } finally {
          await holder.end('COMMIT')
        }
        await expectAsBefore()
      },
      SLOW_MS,
    )

    it(
      'when the last changes do not come through in time',
      async () => {
        // Held for longer, the copy would be too late for a cut-over to begin at all: each attempt holds the row anew.
        const attempt = async () => {
          const holder = await stand.databases.service.begin('asApplier')
          try {
            await holder.query(`SELECT 1 FROM entry WHERE number = 'seed-3' FOR UPDATE`)
            await stand.databases.monolith.query(`UPDATE item SET hits = hits + 1 WHERE number = 'seed-3'`)
            return await refusal()
          } finally {
            await holder.end('ROLLBACK')
          }
        }
        expect(await undoing(attempt)).toMatchObject({
          code: 'STRANGLER_CUTOVER_UNDONE',
          message: expect.stringMatching(/on the way/),
        })
        await expectAsBefore()
      },
      SLOW_MS,
    )

    it(
      'although the other database answers nothing any more behind the fence',
      async () => {
        const attempt = async () => {
          const [late, hung] = [
            await stand.databases.service.begin('asApplier'),
            await stand.databases.service.begin(),
          ]
          try {
            await late.query(`SELECT 1 FROM entry WHERE number = 'seed-5' FOR UPDATE`)
            await stand.databases.monolith.query(`UPDATE item SET hits = hits + 1 WHERE number = 'seed-5'`)
            const { version: before } = await stand.admin.routes()
            const asked = refusal()
            const kinds = async () =>
              (await stand.admin.history({ limit: 20 })).entries
                .filter(({ version }) => version > before)
                .map(({ event }) => event.kind)
            await vi.waitFor(async () => expect(await kinds()).toContain('hold.fenced'), 10_000)
            const checkpoint = kind === 'postgres' ? 'strangler.checkpoint' : 'strangler_checkpoint'
            await hung.query(`SELECT 1 FROM ${checkpoint} FOR UPDATE`)
            // While it still hangs.
            await vi.waitFor(async () => expect(await kinds()).toContain('hold.aborted'), 12_000)
            const added = load.added.size
            await vi.waitFor(() => expect(load.added.size).toBeGreaterThan(added), 12_000)
            await hung.end('ROLLBACK')
            return await asked
          } finally {
            await late.end('ROLLBACK')
          }
        }
        expect(await attempt()).toMatchObject({ code: 'STRANGLER_CUTOVER_UNDONE' })
        await expectAsBefore()
      },
      SLOW_MS,
    )

    it(
      'when a row that was changed lately is not the same on both sides',
      async () => {
        await stand.databases.monolith.query(`UPDATE item SET hits = hits + 1 WHERE number = 'seed-4'`)
        await vi.waitFor(async () => {
          const rows = await stand.databases.service.query(`SELECT count FROM entry WHERE number = 'seed-4'`)
          expect(rows).toEqual([{ count: 1 }])
        }, 10_000)
        const past = await stand.databases.service.begin('asApplier')
        await past.query(`UPDATE entry SET count = 99 WHERE number = 'seed-4'`)
        await past.end('COMMIT')
        expect(await undoing()).toMatchObject({
          code: 'STRANGLER_CUTOVER_UNDONE',
          message: expect.stringContaining(
            'what was changed lately is not the same on both sides: 1 row: item ',
          ),
        })
        await expectAsBefore()
        await stand.databases.monolith.query(`UPDATE item SET hits = hits + 1 WHERE number = 'seed-4'`)
      },
      SLOW_MS,
    )
  })

  describe.skipIf(isMissing)('of two operators who cut over at once', () => {
    it(
      'one moves the ownership, and the other is told what has changed',
      async () => {
        const { version: expectedVersion } = await stand.admin.routes()
        const asked = { capability: 'items', to: 'service', expectedVersion } as const
        const ask = (as: string) => stand.admin.cutOver({ ...asked, as }).catch((error: unknown) => error)
        const answers = await Promise.all([ask('anna'), ask('ben')])
        const late = answers.filter((answer) => answer instanceof Error)
        expect(late, JSON.stringify(answers)).toHaveLength(1)
        expect(late[0]).toMatchObject({ code: 'STRANGLER_VERSION_CONFLICT', status: 409 })
        expect(late[0]).toMatchObject({
          details: {
            entries: expect.arrayContaining([
              expect.objectContaining({
                by: expect.stringMatching(/^operator:(anna|ben)$/),
                event: expect.objectContaining({ kind: 'cutover.announced', to: 'service' }),
              }),
            ]),
          },
        })
        await vi.waitFor(() => stand.moveTo('monolith'), { timeout: 60_000, interval: 500 })
      },
      SLOW_MS,
    )
  })

  describe.skipIf(isMissing)('a cut-over is refused before a write is held', () => {
    it(
      'where the side owns already, and where the sync is paused',
      async () => {
        const change = async (kind: 'pause' | 'resume') => {
          const { version } = await stand.admin.routes()
          await stand.admin.changeSync(kind, { capability: 'items', expectedVersion: version })
        }
        expect(await refusal('monolith')).toMatchObject({ code: 'STRANGLER_CUTOVER_REFUSED' })
        await change('pause')
        expect(await refusal()).toMatchObject({
          code: 'STRANGLER_CUTOVER_REFUSED',
          message: expect.stringContaining('paused'),
        })
        await change('resume')
        await waitUntilReady(stand)
      },
      SLOW_MS,
    )

    it(
      'back to the monolith, when it cannot hold rows of the service: they are listed, and lost only by their exact number',
      async () => {
        await stand.moveTo('service')
        await stand.databases.service.query(`INSERT INTO entry (number, count) VALUES ('too new', 1)`)
        const carried = async () => (await stand.rows('monolith')).map(({ number }) => number)
        await vi.waitFor(async () => expect(await carried()).toContain('too new'), 20_000)
        await stand.databases.monolith.query(
          `ALTER TABLE item ADD CONSTRAINT item_number_check CHECK (number <> 'refused')`,
        )
        await stand.databases.service.query(`INSERT INTO entry (number) VALUES ('refused')`)
        await vi.waitFor(
          async () =>
            expect(await refusal('monolith')).toMatchObject({
              code: 'STRANGLER_CUTOVER_REFUSED',
              message: expect.stringMatching(/refuses 1 row .*item_number_check/),
              fix: expect.stringContaining('--lose 1'),
            }),
          { timeout: 20_000, interval: 200 },
        )
        const { version } = await stand.admin.routes()
        const back = { capability: 'items', to: 'monolith', expectedVersion: version } as const
        await expect(stand.admin.cutOver({ ...back, lose: 2 })).rejects.toMatchObject({
          code: 'STRANGLER_CUTOVER_REFUSED',
        })
        await stand.admin.cutOver({ ...back, lose: 1 })
        await vi.waitFor(async () => expect(await stand.owner()).toBe('monolith'), 10_000)
        await load.stop()
        const rows = new Set((await stand.rows('monolith')).map(({ number }) => number))
        expect([...load.added].filter((number) => !rows.has(number))).toEqual([])
        expect(load.failures.filter((failure) => !failure.startsWith('503'))).toEqual([])
      },
      SLOW_MS,
    )
  })
})

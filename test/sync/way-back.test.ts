import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ChangeBatch } from '../../strangler/core/sync-words.ts'
import { carryOnTrial } from '../../strangler/sync/carry-on-trial.ts'
import { type CheckedTables, checkTables } from '../../strangler/sync/check-tables.ts'
import { type DatabasePair, openPair, rolesOf } from '../../strangler/sync/database-pair.ts'
import { createHandOver, type HandOver } from '../../strangler/sync/hand-over.ts'
import { createTransport } from '../../strangler/sync/transport.ts'
import { tryWayBack } from '../../strangler/sync/try-way-back.ts'
import { TABLES } from '../rollout/items.ts'
import { openSideDatabase, type SideDatabase } from '../rollout/side-database.ts'
import { requireProgram, sayMissing } from '../support/optional.ts'
import { createTestDatabase } from '../support/postgres.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 60_000

/** What a queue makes of a job. */
const carry = async (batch: ChangeBatch): Promise<ChangeBatch> => JSON.parse(JSON.stringify(batch))

describe.each(['postgres', 'mariadb'] as const)(
  `the way back of a row on %s${sayMissing('mariadb')}`,
  (kind) => {
    const isMissing = kind === 'mariadb' && mariadbd === undefined
    let sides: { monolith: SideDatabase; service: SideDatabase }
    let pair: DatabasePair
    let routes: CheckedTables['routes']
    let handOver: HandOver
    const soon = () => Date.now() + 5_000
    const ask = (side: keyof DatabasePair & ('monolith' | 'service'), sql: string) =>
      pair[side].query({ sql, params: [] })
    const both = async () => [await sides.monolith.rows(), await sides.service.rows()]

    beforeEach(async () => {
      if (isMissing) return
      sides = {
        monolith: await openSideDatabase(kind, 'monolith'),
        service: await openSideDatabase(kind, 'service'),
      }
      const addresses = {
        monolith: { side: 'monolith', url: sides.monolith.url },
        service: { side: 'items', url: sides.service.url },
      }
      pair = await openPair(addresses, () => undefined)
      routes = (await checkTables(pair, TABLES, addresses)).routes
      handOver = await createHandOver({
        ...{ capability: 'items', installation: 'test', tables: TABLES, ...rolesOf(pair, 'forward') },
        ...{ routes: routes.forward, back: routes.reverse },
      })
    }, SLOW_MS)
    afterEach(async () => {
      await pair?.stop()
      for (const side of Object.values(sides ?? {})) {
        await side.close()
        await side.drop()
      }
    }, SLOW_MS)

    /** As a sync would have copied them. */
    async function copyRows(): Promise<void> {
      await sides.monolith.run('hit', 'seed-7')
      for (const { id, number, hits } of await sides.monolith.rows())
        await ask(
          'service',
          kind === 'postgres'
            ? `INSERT INTO entry (id, number, count) VALUES (${id}, '${number}', ${hits})`
            : `INSERT INTO entry (id, number, \`count\`) VALUES (${id}, '${number}', ${hits})`,
        )
    }

    it.skipIf(isMissing)(
      'is gone behind the guards, with another value, and nobody sees anything of it',
      async () => {
        await copyRows()
        await handOver.prepare(soon())
        await handOver.enter(4)
        await handOver.closeTarget(4, soon())
        const before = await both()
        expect(await handOver.tryWayBack(soon(), carry)).toEqual([
          { table: 'item', outcome: 'came-back', column: 'count' },
        ])
        expect(await both()).toEqual(before)
        const log = kind === 'postgres' ? 'strangler.changes' : 'strangler_change_log'
        expect(await ask('service', `SELECT 1 AS one FROM ${log}`)).toEqual([])
        const applied = kind === 'postgres' ? 'strangler.applied' : 'strangler_applied'
        expect(await ask('monolith', `SELECT 1 AS one FROM ${applied}`)).toEqual([])
        // The guards stand as before.
        await expect(sides.service.run('add', 'stray')).rejects.toThrow(/strangler/i)
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'says nothing where there is no row',
      async () => {
        expect(await handOver.tryWayBack(soon(), carry)).toEqual([{ table: 'item', outcome: 'empty' }])
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'fails where the monolith takes no such value, where the queue spoils one, and where nothing captures',
      async () => {
        await copyRows()
        const names = { capability: 'items', installation: 'test' }
        const uncaptured = { ...names, ...rolesOf(pair, 'forward'), back: routes.reverse, carry }
        await ask('service', 'DELETE FROM entry WHERE id > 40')
        await handOver.prepare(soon())
        await handOver.enter(4)
        await handOver.closeTarget(4, soon())
        const spoil = async (batch: ChangeBatch) => ({
          ...batch,
          entries: batch.entries.map((entry) => ({ ...entry, row: entry.row!.with(-1, '41') })),
        })
        expect(await handOver.tryWayBack(soon(), spoil)).toMatchObject([
          { outcome: 'refused', because: 'it came back with other values in hits' },
        ])
        await ask('monolith', 'UPDATE item SET hits = 0')
        await ask('monolith', 'ALTER TABLE item ADD CONSTRAINT few CHECK (hits < 1)')
        const [refused] = await handOver.tryWayBack(soon(), carry)
        expect(refused).toMatchObject({ outcome: 'refused', because: expect.stringMatching(/few/) })

        for (const sql of pair.service.dialect.captureDown(routes.forward.map(({ target }) => target.table)))
          await ask('service', sql)
        const [lost] = await tryWayBack(uncaptured)
        expect(lost).toMatchObject({ outcome: 'refused' })
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'is busy, and no failure, while somebody holds the row',
      async () => {
        await copyRows()
        await handOver.prepare(soon())
        await handOver.enter(4)
        await handOver.closeTarget(4, soon())
        await pair.monolith.transaction(async (run) => {
          await run({ sql: 'SELECT 1 AS one FROM item WHERE id = 1 FOR UPDATE', params: [] })
          expect(await handOver.tryWayBack(soon(), carry)).toMatchObject([{ outcome: 'busy' }])
        })
        expect(await handOver.tryWayBack(soon(), carry)).toMatchObject([{ outcome: 'came-back' }])
      },
      SLOW_MS,
    )
  },
)

it(
  'goes through a queue of its own, and a job that never comes is a failure',
  async () => {
    const queue = await createTestDatabase('trial_queue')
    const server = { kind: 'postgres', url: queue.url } as const
    const batch: ChangeBatch = {
      ...{ capability: 'items', installation: 'test', direction: 'reverse', epoch: 9 },
      entries: [{ table: 'item', key: '["1"]', version: '12', row: ['1', 'ä', null] }],
    }
    const trial = { capability: 'items', installation: 'test', queue: server, report: () => undefined }
    expect(await carryOnTrial(trial, (through) => through(batch))).toEqual(batch)
    await queue.drop()
    await expect(carryOnTrial(trial, (through) => through(batch))).rejects.toThrow()
  },
  SLOW_MS,
)

it(
  'goes through a queue of the trial’s own, also beside a capability of its name with -trial behind it',
  async () => {
    const queue = await createTestDatabase('trial_beside')
    const server = { kind: 'postgres', url: queue.url } as const
    const reports: unknown[] = []
    const report = (operation: string, error: unknown) => void reports.push([operation, String(error)])
    const beside = createTransport({
      ...{ capability: 'items-trial', installation: 'test', direction: 'reverse', server, report },
    })
    const stolen: ChangeBatch[] = []
    beside.receiveBatches('apply', async (batch) => void stolen.push(batch))
    const batchOf = (version: number): ChangeBatch => ({
      ...{ capability: 'items', installation: 'test', direction: 'reverse', epoch: 2 },
      entries: [{ table: 'item', key: '["1"]', version: `${version}`, row: ['1', 'ä', null] }],
    })
    const batches = Array.from({ length: 20 }, (_, version) => batchOf(version))
    const trial = { capability: 'items', installation: 'test', queue: server, report }
    const arrived = await carryOnTrial(trial, (through) => Promise.all(batches.map(through)))
    await beside.stop()
    await queue.drop()
    expect(arrived).toEqual(batches)
    expect(stolen).toEqual([])
  },
  SLOW_MS,
)

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requireProgram } from '../support/optional.ts'
import { until } from './pipeline/open-pair.ts'
import { isSame } from './simulation/compare-rows.ts'
import type { EndConfig } from './simulation/end-config.ts'
import { LATE_COMMIT } from './simulation/schedules.ts'
import { type DialectPair, openStand, type Stand } from './simulation/stand.ts'

const APPLICATION = join(import.meta.dirname, 'simulation/programs/writing-app.ts')
const mariadb = await requireProgram('mariadb')

/** Between them each database is once the source and once the target. */
const PAIRS: readonly DialectPair[] = [
  { source: 'postgres', target: 'mariadb' },
  { source: 'mariadb', target: 'postgres' },
]
const SETTLE_MS = 60_000
/** Of one pair: they share the stand. */
const IN_TURN = { concurrent: false }

/** The two beside each other: they share no database, and most of the time something is waited for. */
describe.skipIf(mariadb === undefined).concurrent.each(PAIRS)(
  '$source → $target loses nothing when',
  { timeout: 150_000 },
  (pair) => {
    let stand: Stand
    let turn = 0
    beforeAll(async () => {
      stand = await openStand({ pair, seed: 7 })
      await stand.install()
      await Promise.all([stand.start('source'), stand.start('target')])
      await settles()
    }, 150_000)
    afterAll(() => stand?.close())

    async function settles(): Promise<void> {
      expect(await stand.settle(SETTLE_MS)).toBeDefined()
      expect(await stand.compare()).toEqual({ missing: [], different: [], extra: [] })
    }

    /** Changes, new rows and deletes, more than fit one job; others each time. */
    function writes() {
      turn += 1
      return [
        ['UPDATE item SET sku = ? WHERE position < 7', [`changed ${turn}`]],
        ["INSERT INTO slot (id, value) VALUES (?, 'new')", [1000 + turn]],
        ['DELETE FROM account WHERE id = ?', [turn]],
      ] as const
    }

    async function write(): Promise<void> {
      for (const [sql, params] of writes()) await stand.source.run(sql, params)
    }

    /** The end that is named kills itself at that point, over changes that were made while it was away. */
    async function dieAt(role: EndConfig['role'], point: NonNullable<EndConfig['dieAt']>): Promise<void> {
      await stand.kill(role)
      await write()
      const dying = await stand.start(role, { dieAt: point })
      expect(await dying.exited).toBe('SIGKILL')
    }

    test('the application is killed in a transaction', IN_TURN, async () => {
      const { dialect, url } = stand.source
      const config = JSON.stringify({ dialect, url, statements: writes() })
      const application = spawn(process.execPath, [APPLICATION, config], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1' },
      })
      expect(await once(application, 'message')).toContain('has written')
      // The relay goes on beside it, with what is committed.
      await stand.source.run("UPDATE slot SET value = 'beside' WHERE id = 1")
      await settles()
      application.kill('SIGKILL')
      expect(await once(application, 'exit')).toEqual([null, 'SIGKILL'])
      // It waits for the killed one's locks, until the database has seen that nobody is there any more.
      const newRow = 1000 + turn
      await until(
        () =>
          stand.source.run("INSERT INTO slot (id, value) VALUES (?, 'after it')", [newRow]).then(
            () => true,
            () => false,
          ),
        SETTLE_MS,
      )
      await settles()
      expect(await stand.target.run('SELECT value FROM slot WHERE id = ?', [newRow])).toEqual([
        { value: 'after it' },
      ])
      expect(await stand.target.run('SELECT 1 FROM item WHERE sku = ?', [`changed ${turn}`])).toEqual([])
    })

    test('the relay is killed after reading, before sending', IN_TURN, async () => {
      await dieAt('source', 'after reading, before sending')
      expect(isSame(await stand.compare())).toBe(false)
      await stand.start('source')
      await settles()
    })

    test('the relay is killed between two bulk sends', IN_TURN, async () => {
      await dieAt('source', 'between two bulk sends')
      await until(() => stand.hub.undone === 0, SETTLE_MS)
      expect(isSame(await stand.compare())).toBe(false)
      await stand.start('source')
      await settles()
    })

    test('the applier is killed before COMMIT', IN_TURN, async () => {
      await dieAt('target', 'before COMMIT')
      expect(isSame(await stand.compare())).toBe(false)
      expect(await stand.entries()).toBeGreaterThan(0)
      await stand.start('target')
      await settles()
    })

    test('the applier is killed after COMMIT, before the acknowledgement', IN_TURN, async () => {
      await dieAt('target', 'after COMMIT, before the acknowledgement')
      expect(await stand.entries()).toBeGreaterThan(0)
      await stand.start('target')
      await settles()
    })

    test('the relay is killed between two deletes of acknowledged entries', IN_TURN, async () => {
      await dieAt('source', 'between two deletes of acknowledged entries')
      expect(await stand.entries()).toBeGreaterThan(0)
      await stand.start('source')
      await settles()
    })

    test('the backfill is killed between a chunk and its checkpoint', IN_TURN, async () => {
      stand.raiseEpoch()
      const dying = await stand.start('source', {
        dieAt: 'between a chunk of the backfill and its checkpoint',
      })
      await stand.start('target')
      expect(await dying.exited).toBe('SIGKILL')
      await write()
      await stand.start('source')
      await settles()
    })

    test('a transaction commits late', IN_TURN, async () => {
      await LATE_COMMIT.run(stand)
      await settles()
    })

    test('a delete races the backfill', IN_TURN, async () => {
      await stand.kill('source')
      stand.raiseEpoch()
      // Every row is read, and none has arrived.
      stand.hub.watch(({ chunk, entries }) =>
        chunk !== undefined && entries !== undefined ? 'hold' : 'pass',
      )
      await Promise.all([stand.start('source'), stand.start('target')])
      await until(() => stand.hub.held > 0, SETTLE_MS)
      await stand.source.run('DELETE FROM account WHERE id BETWEEN 20 AND 60')
      await stand.source.run("UPDATE account SET email = 'late@example.test' WHERE id = 61")
      await until(async () => (await stand.entries()) === 0, SETTLE_MS)
      stand.hub.watch(undefined)
      stand.hub.release(2)
      await settles()
    })

    test('a change of keys is split over two jobs, which arrive the wrong way round', IN_TURN, async () => {
      await stand.start('source', { singly: true })
      stand.hub.watch(({ chunk, entries }) =>
        chunk === undefined && entries?.some(({ table, row }) => table === 'shelf' && row === null)
          ? 'hold'
          : 'pass',
      )
      // The label is unique: the new row cannot come before the old one is gone.
      await stand.source.run('UPDATE shelf SET id = 100 WHERE id = 1')
      await until(() => stand.hub.held > 0, SETTLE_MS)
      // With foreign keys unchecked MariaDB refuses it as well: what is unique is unique at once.
      await until(async () => (await stand.quarantined()) > 0, SETTLE_MS)
      await stand.start('target')
      stand.hub.watch(undefined)
      stand.hub.release()
      await settles()
    })
  },
)

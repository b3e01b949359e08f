import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DialectName } from '../../../strangler/core/sync-words.ts'
import { createDatabaseCheckpoints } from '../../../strangler/sync/checkpoint-store.ts'
import type { SyncDatabase } from '../../../strangler/sync/database.ts'
import { repair } from '../../../strangler/sync/repair.ts'
import { type VerifyOptions, verify } from '../../../strangler/sync/verify.ts'
import type { Divergence } from '../../../strangler/sync/verify-keys.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { CAPABILITY, EPOCH, keepBusy, openPair, type PairStand, seed } from './pair-stand.ts'

const mariadbd = await requireProgram('mariadb')

const PAIRS: [DialectName, DialectName, sums: boolean][] = [
  ['postgres', 'postgres', false],
  ['postgres', 'postgres', true],
  ['postgres', 'mariadb', false],
  ['mariadb', 'postgres', false],
  ['mariadb', 'mariadb', true],
]

const PLANTED = [
  'different line ["300","7"]',
  'different stock ["item-77"]',
  'extra line ["999","1"]',
  'extra stock ["Stray \\"quoted\\""]',
  'missing line ["301","7"]',
  'missing stock ["item-1000"]',
]

function optionsOf(stand: PairStand, more: Partial<VerifyOptions> = {}): VerifyOptions {
  const { source, target, routes } = stand
  return {
    capability: CAPABILITY,
    direction: 'forward',
    epoch: EPOCH,
    source,
    target,
    routes,
    patienceMs: 10_000,
    report: (operation, error) => {
      throw new Error(operation, { cause: error })
    },
    ...more,
  }
}

async function verifyAll(stand: PairStand, more: Partial<VerifyOptions> = {}) {
  const found: Divergence[] = []
  const report = await verify(
    optionsOf(stand, {
      ...more,
      onDiverged: async (diverged) => {
        found.push(...diverged)
      },
    }),
  )
  const named = found.map(({ kind, table, key }) => `${kind} ${table} ${key}`).sort()
  return { report, found, named }
}

describe.each(PAIRS)('verify from %s to %s, by sums: %s', (from, to, sums) => {
  const needs = from === 'mariadb' || to === 'mariadb'
  const copies = sums ? ['stock', 'line'] : []
  describe.skipIf(needs && mariadbd === undefined)(`on this machine${sayMissing('mariadb')}`, () => {
    let stand: PairStand
    beforeAll(async () => {
      stand = await openPair(from, to)
      await seed(stand, 3_000)
      await stand.drain()
    })
    afterAll(() => stand?.close())

    it('finds nothing where nothing is, and says how much it has compared', async () => {
      const { report, named } = await verifyAll(stand, { copies })
      expect(named).toEqual([])
      expect(report).toMatchObject({ missing: 0, extra: 0, different: 0, inFlight: 0, samples: [] })
      expect(report.compared).toBe(3_000 + 150 + 200 + 300)
    })

    it('finds exactly what is missing, extra and different, also while others write and changes are late', async () => {
      for (const sql of [
        `UPDATE stock SET price = 12.34, note = 'mine' WHERE sku = 'item-77'`,
        `DELETE FROM stock WHERE sku = 'item-1000'`,
        `INSERT INTO stock (sku, amount) VALUES ('Stray "quoted"', 1)`,
        `UPDATE line SET doc = '{"a":1}' WHERE order_id = 300`,
        `DELETE FROM line WHERE order_id = 301`,
        `INSERT INTO line (order_id, position) VALUES (999, 1)`,
      ]) {
        await stand.meddle(sql)
      }
      let isOver = false
      const busy = keepBusy(stand, 5, () => isOver)
      try {
        for (let round = 0; round < 3; round += 1) {
          const { report, named } = await verifyAll(stand, { copies })
          expect(named).toEqual(PLANTED)
          expect(report).toMatchObject({ missing: 2, extra: 2, different: 2 })
        }
      } finally {
        isOver = true
        await busy
      }
      await stand.drain()
    }, 60_000)

    it('shows the columns that differ with both values, masked', async () => {
      const mask: VerifyOptions['mask'] = ({ column, value }) => (column === 'price' ? value : '***')
      const { report } = await verifyAll(stand, { copies, mask })
      const sample = report.samples.find(({ key }) => key === '["item-77"]')
      expect(sample?.columns).toEqual([
        { column: 'price', source: expect.stringMatching(/^9\.6[23]/), target: '12.34' },
        { column: 'note', source: '***', target: '***' },
      ])
      const hidden = await verifyAll(stand, { copies })
      expect(JSON.stringify(hidden.report.samples)).not.toContain('mine')
    })

    it('is at an end of it after the repair', async () => {
      const { found } = await verifyAll(stand, { copies })
      const { source, target, routes } = stand
      const repaired = await repair({ capability: CAPABILITY, epoch: EPOCH, source, target, routes }, found)
      expect(repaired.map(({ outcome }) => outcome)).toEqual(PLANTED.map(() => 'repaired'))
      expect((await verifyAll(stand, { copies })).named).toEqual([])
      // And a change that comes later is applied as ever.
      await stand.app(`UPDATE stock SET amount = 4711 WHERE sku IN ('item-77', 'item-1000')`)
      await stand.drain()
      expect((await verifyAll(stand, { copies })).named).toEqual([])
    })
  })
})

describe('verify', () => {
  let stand: PairStand
  beforeAll(async () => {
    stand = await openPair('postgres', 'postgres')
    await seed(stand, 6_000)
    await stand.drain()
  })
  afterAll(() => stand?.close())

  it('negative control: without regard to what is pending it gives false alarms', async () => {
    const blind: SyncDatabase = {
      ...stand.source,
      query: async (statement) =>
        (await stand.source.query(statement)).map((row) => ('key' in row ? { ...row, version: '0' } : row)),
    }
    await stand.app(`UPDATE stock SET amount = amount + 1 WHERE sku LIKE 'Busy-%'`)
    expect((await verifyAll({ ...stand, source: blind })).report.different).toBe(150)
    const { report } = await verifyAll(stand, { patienceMs: 300 })
    expect(report).toMatchObject({ different: 0, inFlight: 150 })
    expect(report.samples).toHaveLength(10)
    expect(report.samples[0]).toMatchObject({ kind: 'inFlight' })
    await stand.drain()
  })

  it('waits for a TRUNCATE that is still to come', async () => {
    await stand.app('TRUNCATE line')
    const { report } = await verifyAll(stand, { patienceMs: 300 })
    expect(report).toMatchObject({ extra: 0, inFlight: 500 })
    await stand.drain()
    expect((await verifyAll(stand)).report).toMatchObject({ extra: 0, inFlight: 0 })
  })

  it('goes on where it was aborted, and counts nothing twice', async () => {
    const checkpoints = createDatabaseCheckpoints(stand.target)
    await stand.meddle(`UPDATE stock SET amount = -1 WHERE sku IN ('item-1', 'item-5999')`)
    const whole = (await verifyAll(stand)).report
    const abort = new AbortController()
    let first = 0
    const aborted = verifyAll(stand, {
      checkpoints,
      signal: abort.signal,
      onProgress: ({ compared }) => {
        first = compared
        if (compared >= 1_000) abort.abort(new Error('enough for today'))
      },
    })
    await expect(aborted).rejects.toThrow('enough for today')
    let reread = 0
    const counting: SyncDatabase = {
      ...stand.source,
      query: async (statement) => {
        const rows = await stand.source.query(statement)
        if (statement.sql.includes('ORDER BY t."sku"')) reread += rows.length
        return rows
      },
    }
    const rest = (await verifyAll({ ...stand, source: counting }, { checkpoints })).report
    expect(rest).toMatchObject({ compared: whole.compared, different: 2, missing: 0, extra: 0 })
    expect(rest.samples).toHaveLength(2)
    expect(reread).toBe(6_150 - first)
    // And the next one begins anew.
    expect((await verifyAll(stand, { checkpoints })).report.compared).toBe(whole.compared)
    await stand.meddle(`UPDATE stock SET amount = substr(sku, 6)::int % 90 WHERE amount = -1`)
  })

  it('stands still while it is throttled, and says why', async () => {
    let asked = 0
    const seen: (string | undefined)[] = []
    await verifyAll(stand, {
      throttle: async () => (++asked === 1 ? 'lag' : undefined),
      onProgress: ({ throttled }) => seen.push(throttled),
    })
    expect(seen[0]).toBe('lag')
    expect(seen.at(-1)).toBeUndefined()
  })
})

describe('verify with mappings and other collations', () => {
  it('compares what the mapping makes of a row, under names and keys of another order', async () => {
    const stand = await openPair('postgres', 'postgres', {
      targetSql: [
        'ALTER TABLE stock RENAME note TO remark',
        'ALTER TABLE stock ALTER sku TYPE varchar(40) COLLATE "en-x-icu"',
      ],
      mappings: [
        {
          table: 'stock',
          columns: { note: 'remark' },
          map: (row) => ({ remark: row['note']?.toUpperCase() ?? 'none' }),
          unmap: (row) => ({ note: row['remark'] ?? null }),
        },
      ],
    })
    try {
      await seed(stand, 2_500)
      await stand.app(
        `INSERT INTO stock (sku, amount, price, note) VALUES ('b', 1, 1, 'x'), ('B', 1, 1, 'x'), ('a_c', 1, 1, NULL), ('ab', 1, 1, NULL)`,
      )
      await stand.drain()
      expect((await verifyAll(stand)).named).toEqual([])
      await stand.meddle(`UPDATE stock SET remark = 'x' WHERE sku = 'B'`)
      expect((await verifyAll(stand)).named).toEqual(['different stock ["B"]'])
    } finally {
      await stand.close()
    }
  })

  it('compares by sums although each side cuts its ranges by another order', async () => {
    const stand = await openPair('postgres', 'postgres', {
      targetSql: ['ALTER TABLE stock ALTER sku TYPE varchar(40) COLLATE "en-x-icu"'],
    })
    try {
      await seed(stand, 2_500)
      const mixed = `CASE n % 3 WHEN 0 THEN 'Item-' WHEN 1 THEN 'item_' ELSE 'ITEM ' END || n`
      await stand.app(`INSERT INTO stock (sku, amount) SELECT ${mixed}, n FROM generate_series(1, 2500) n`)
      await stand.drain()
      const copies = ['stock']
      expect((await verifyAll(stand, { copies })).named).toEqual([])
      await stand.meddle(`UPDATE stock SET amount = 0 WHERE sku = 'item_1000'`)
      await stand.meddle(`DELETE FROM stock WHERE sku = 'Item-3'`)
      await stand.meddle(`INSERT INTO stock (sku, amount) VALUES ('iTEM', 0)`)
      expect((await verifyAll(stand, { copies })).named).toEqual([
        'different stock ["item_1000"]',
        'extra stock ["iTEM"]',
        'missing stock ["Item-3"]',
      ])
    } finally {
      await stand.close()
    }
  })

  it('finds and mends an extra row whose key the source could not even hold', async () => {
    const stand = await openPair('postgres', 'postgres', {
      targetSql: ['ALTER TABLE line ALTER order_id TYPE numeric(30)'],
    })
    try {
      await seed(stand, 10)
      await stand.drain()
      await stand.meddle(`INSERT INTO line (order_id, position) VALUES (99999999999999999999, 1)`)
      const { named, found } = await verifyAll(stand)
      expect(named).toEqual(['extra line ["99999999999999999999","1"]'])
      const repaired = await repair({ capability: CAPABILITY, epoch: EPOCH, ...stand }, found)
      expect(repaired).toMatchObject([{ outcome: 'repaired' }])
      expect((await verifyAll(stand)).named).toEqual([])
    } finally {
      await stand.close()
    }
  })
})

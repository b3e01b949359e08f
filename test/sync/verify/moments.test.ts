import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SyncDatabase } from '../../../strangler/sync/database.ts'
import { verify } from '../../../strangler/sync/verify.ts'
import type { VerifyReport } from '../../../strangler/sync/verify-report.ts'
import { CAPABILITY, EPOCH, openPair, type PairStand } from './pair-stand.ts'

/** The moments between the looks at the target (T1), the source (S) and the target again (T2), and what may happen there. */
describe('verify between its looks', () => {
  let stand: PairStand
  beforeEach(async () => {
    stand = await openPair('postgres', 'postgres')
    await stand.app(`INSERT INTO stock (sku, amount) VALUES ('a', 1), ('b', 1)`)
    await stand.drain()
  })
  afterEach(() => stand?.close())

  const look = (sides: Partial<PairStand>): Promise<VerifyReport> =>
    verify({
      capability: CAPABILITY,
      direction: 'forward',
      epoch: EPOCH,
      ...stand,
      ...sides,
      patienceMs: 5_000,
    })

  const readsKeys = (sql: string) => sql.includes('WITH ORDINALITY') && sql.includes('"stock"')

  /** A source where something happens just before and just after it is read by keys for the first time. */
  const eventful = (before: () => Promise<void>, after: () => Promise<void>): SyncDatabase => {
    let isFirst = true
    return {
      ...stand.source,
      async query(statement) {
        if (!isFirst || !readsKeys(statement.sql)) return stand.source.query(statement)
        isFirst = false
        await before()
        const rows = await stand.source.query(statement)
        await after()
        return rows
      },
    }
  }

  /** The broken twin: a target that shows what it has shown once, so that T2 is always T1. */
  const stale = (isStale: (sql: string) => boolean): SyncDatabase => {
    const shown = new Map<string, ReturnType<SyncDatabase['query']>>()
    return {
      ...stand.target,
      query(statement) {
        if (!isStale(statement.sql)) return stand.target.query(statement)
        const name = statement.sql + JSON.stringify(statement.params)
        const rows = shown.get(name) ?? stand.target.query(statement)
        shown.set(name, rows)
        return rows
      },
    }
  }

  it('gives no alarm for a change that is applied and acknowledged between T1 and S', async () => {
    await stand.app(`UPDATE stock SET amount = 2 WHERE sku = 'a'`)
    const source = eventful(stand.drain, async () => undefined)
    expect(await look({ source })).toMatchObject({ compared: 2, different: 0, inFlight: 0 })
  })

  it('negative control: without T2 that is an alarm', async () => {
    await stand.app(
      `UPDATE stock SET amount = 2 WHERE sku = 'a'; UPDATE stock SET amount = 2 WHERE sku = 'b'`,
    )
    const source = eventful(stand.drain, async () => undefined)
    const target = stale((sql) => readsKeys(sql))
    expect(await look({ source, target })).toMatchObject({ different: 2 })
  })

  const truncateAndDrain = async () => {
    await stand.app('TRUNCATE stock')
    await stand.drain()
  }

  it('gives no alarm for a row that came and was truncated again between T1 and T2', async () => {
    await stand.app(`INSERT INTO stock (sku, amount) VALUES ('c', 1)`)
    const source = eventful(stand.drain, truncateAndDrain)
    expect(await look({ source })).toMatchObject({ missing: 0, extra: 0, inFlight: 0 })
  })

  it('negative control: without the floor that is an alarm, for T1 and T2 are the same', async () => {
    await stand.app(`INSERT INTO stock (sku, amount) VALUES ('c', 1)`)
    const source = eventful(stand.drain, truncateAndDrain)
    const target = stale((sql) => sql.includes('strangler.floor'))
    expect(await look({ source, target })).toMatchObject({ missing: 1 })
  })
})

import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SyncOrder } from '../../strangler/core/words.ts'
import { beginEpoch } from '../../strangler/sync/begin-epoch.ts'
import { openPair, type Pair } from './pipeline/open-pair.ts'

let pair: Pair
beforeEach(async () => {
  const source = 'CREATE TABLE stock (id int PRIMARY KEY, n int); INSERT INTO stock VALUES (1, 1)'
  pair = await openPair({ source, mappings: [{ table: 'stock' }] })
  expect(await begin({ epoch: 1, state: 'running', backfill: true })).toBeUndefined()
})
afterEach(() => pair.drop())

const begin = (order: SyncOrder) =>
  beginEpoch({ capability: 'shop', order, source: pair.source, target: pair.target, routes: pair.routes })
const waiting = async () => (await pair.inSource('SELECT version FROM strangler.changes')).length
/** As it was in a backup: an older token, and an entry whose version is far ahead of those to come. */
async function restoreSource(): Promise<void> {
  await pair.inSource("UPDATE strangler.sync_state SET incarnation = ''")
  await pair.inSource(
    `INSERT INTO strangler.change_intake VALUES (9000000000000000, 'stock', '["1"]', 'U', now(), '', '')`,
  )
}
const restoreTarget = () =>
  pair.target.query({ sql: "UPDATE strangler.sync_state SET incarnation = ''", params: [] })

test('a source that was restored while nothing ran is told of also where every row is to be copied: its log must be emptied, which the epoch begun for it does', async () => {
  await restoreSource()
  expect(await begin({ epoch: 2, state: 'running', backfill: true })).toMatchObject({ role: 'source' })
  expect(await waiting()).toBe(1)
  expect(await begin({ epoch: 3, state: 'running', backfill: true, lost: 'source' })).toBeUndefined()
  expect(await waiting()).toBe(0)
})

test('also where the target was restored besides, which does not matter then', async () => {
  await restoreSource()
  await restoreTarget()
  expect(await begin({ epoch: 2, state: 'running', backfill: true })).toMatchObject({ role: 'source' })
})

test('a target that was restored is no reason not to fill it anew, and what waits in a sound source’s log stays', async () => {
  await restoreTarget()
  await pair.inSource('DELETE FROM stock')
  expect(await begin({ epoch: 2, state: 'running', backfill: true })).toBeUndefined()
  expect(await waiting()).toBe(1)
})

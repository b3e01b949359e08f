import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createBackfill } from '../../strangler/sync/backfill.ts'
import { createDatabaseCheckpoints } from '../../strangler/sync/checkpoint-store.ts'
import { createSourceEnd, createTargetEnd } from '../../strangler/sync/link.ts'
import type { Transport } from '../../strangler/sync/transport.ts'
import { openPair, type Pair, until } from './pipeline/open-pair.ts'
import { createMemoryTransport } from './simulation/memory-transport.ts'

const WAIT_MS = 30_000
let pair: Pair
let stops: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  const source = 'CREATE TABLE stock (id int PRIMARY KEY, n int)'
  pair = await openPair({ source, mappings: [{ table: 'stock' }] })
})
afterEach(async () => {
  await end()
  await pair.drop()
})

const idsThere = async () => (await pair.inTarget('SELECT id FROM stock ORDER BY id')).map(({ id }) => id)
const entries = async () => (await pair.inSource('SELECT key, op FROM strangler.changes')).map(({ op }) => op)

/** Loses every TRUNCATE for as long as it is told to. */
function loseTruncates(isLost: () => boolean): Transport {
  const transport = createMemoryTransport()
  return {
    ...transport,
    async sendBatches(lane, batches) {
      const left = batches.map((batch) => ({
        ...batch,
        entries: batch.entries.filter(({ truncate }) => !isLost() || truncate !== true),
      }))
      await transport.sendBatches(
        lane,
        left.filter((batch) => batch.entries.length > 0 || batch.chunk !== undefined),
      )
    },
  }
}

/** `isBlind`: as it was; the backfill knows nothing of what waited when its epoch began. */
async function start(epoch: number, transport: Transport, isBlind = false) {
  const { routes, report } = pair
  const identity = { capability: 'shop', installation: 'test', direction: 'forward' } as const
  const basis = { ...identity, epoch, routes, report, transport }
  const { source } = pair
  const checkpoints = createDatabaseCheckpoints(source)
  if (isBlind) await checkpoints.write(`backfill:shop:forward:${epoch}`, '{}')
  const backfill = createBackfill({ ...basis, source, checkpoints })
  const ends = [
    createSourceEnd({ ...basis, source, onSettled: backfill.settle }),
    createTargetEnd({ ...basis, target: pair.target }),
  ]
  stops.push(backfill.stop, ...ends.map(({ stop }) => stop))
  if (epoch > 1) await backfill.prepare()
  await Promise.all(ends.map((one) => one.start()))
  return async () => {
    backfill.start()
    await until(() => backfill.status().state === 'done', WAIT_MS)
  }
}

async function end(): Promise<void> {
  await Promise.all(stops.map((stop) => stop()))
  stops = []
}

/** A row that was inserted after a TRUNCATE has been carried, and the TRUNCATE has not, when the sync ends. */
async function carryPastTruncate(): Promise<void> {
  await start(
    1,
    loseTruncates(() => true),
  )
  await pair.inSource('INSERT INTO stock VALUES (1, 1)')
  await until(async () => (await idsThere()).join() === '1', WAIT_MS)
  await pair.inSource('TRUNCATE stock')
  await pair.inSource('INSERT INTO stock VALUES (2, 2)')
  await until(async () => (await entries()).join() === 'T', WAIT_MS)
  expect(await idsThere()).toEqual(['1', '2'])
  await end()
}

describe('a TRUNCATE that waits when a new epoch begins takes the rows from before it, and none that came after it', () => {
  const orders = { 'the TRUNCATE first': false, 'the copy of all rows first': true }
  test.each(Object.entries(orders))('%s', async (_order, isCopyFirst) => {
    await carryPastTruncate()
    expect(await bringTogether(isCopyFirst, false)).toEqual(['2'])
  })

  test.each(Object.entries(orders))(
    'negative control: %s, a row that counts for as old as any is lost',
    async (_order, isCopyFirst) => {
      await carryPastTruncate()
      expect(await bringTogether(isCopyFirst, true)).toEqual([])
    },
  )

  async function bringTogether(isCopyFirst: boolean, isBlind: boolean) {
    let isLost = isCopyFirst
    const copyAll = await start(
      2,
      loseTruncates(() => isLost),
      isBlind,
    )
    if (isCopyFirst) await copyAll()
    isLost = false
    await until(async () => (await entries()).length === 0, WAIT_MS)
    if (!isCopyFirst) await copyAll()
    return idsThere()
  }
})

test('a row that is changed after it was copied as younger than a TRUNCATE is newer still', async () => {
  await carryPastTruncate()
  const copyAll = await start(
    2,
    loseTruncates(() => true),
  )
  await copyAll()
  const [copied] = await pair.inTarget(`SELECT version FROM strangler.applied WHERE key = '["2"]'`)
  const [waiting] = await pair.inSource('SELECT version FROM strangler.changes')
  expect(BigInt(copied?.['version'] ?? 0)).toBe(BigInt(waiting?.['version'] ?? 0) + 1n)
  await pair.inSource('UPDATE stock SET n = 3')
  await until(
    async () => (await pair.inTarget('SELECT n FROM stock WHERE id = 2'))[0]?.['n'] === '3',
    WAIT_MS,
  )
})

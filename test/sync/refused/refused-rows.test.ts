import { afterEach, describe, expect, it } from 'vitest'
import type { SourceEnd, TargetEnd } from '../../../strangler/sync/link.ts'
import { until } from '../pipeline/open-pair.ts'
import { createMemoryTransport } from '../simulation/memory-transport.ts'
import { openRefusedStand, type RefusedStand } from './refused-stand.ts'

/** Refusing rows one by one takes long on a busy machine. */
const SLOW_MS = 180_000
/** Small, so that a few hundred rows are more than may be remembered. */
const BOUNDS = { inFlight: 200, waiting: 40 }

const SCHEMA = [
  'CREATE TABLE parent (id bigint PRIMARY KEY, n integer NOT NULL)',
  'CREATE TABLE child (id bigint PRIMARY KEY, parent_id bigint NOT NULL, n integer NOT NULL, FOREIGN KEY (parent_id) REFERENCES parent (id))',
]
const TABLES = ['parent', 'child']
const PAIRS = [
  { kind: 'postgres', numbers: (last: number) => `generate_series(1, ${last}) AS g(seq)` },
  { kind: 'mariadb', numbers: (last: number) => `seq_1_to_${last}` },
] as const

describe.each(PAIRS)('$kind: rows that the target refuses', ({ kind, numbers }) => {
  let stand: RefusedStand
  let ends: (SourceEnd | TargetEnd)[] = []
  afterEach(async () => {
    await Promise.all(ends.map((end) => end.stop()))
    ends = []
    await stand.close()
  })

  const open = async () => {
    stand = await openRefusedStand({ kind, tables: TABLES, schema: SCHEMA })
  }
  const start = async (transport = createMemoryTransport()) => {
    const [sourceEnd, targetEnd] = [stand.openSource(transport, BOUNDS), stand.openTarget(transport)]
    ends.push(sourceEnd, targetEnd)
    await Promise.all([sourceEnd.start(), targetEnd.start()])
    return { sourceEnd, transport }
  }
  const count = async (from: string) =>
    Number((await stand.inTarget(`SELECT count(*) AS n FROM ${from}`))[0]?.['n'])
  /** Until all of the log is applied, and never more in memory than allowed. */
  const becomesQuiet = (sourceEnd: SourceEnd) =>
    until(async () => {
      const { inFlight, waiting, entries } = await sourceEnd.status()
      expect(inFlight).toBeLessThanOrEqual(BOUNDS.inFlight)
      expect(waiting).toBeLessThanOrEqual(BOUNDS.waiting)
      return entries === 0
    }, SLOW_MS)

  it(
    'do not hold up the parent that they wait for, however many they are and however far it is behind',
    async () => {
      await open()
      await stand.app(`INSERT INTO parent SELECT seq, 0 FROM ${numbers(1_200)}`)
      await stand.app('INSERT INTO parent VALUES (9999, 0)')
      await stand.app(`INSERT INTO child SELECT seq, 9999, 0 FROM ${numbers(150)}`)
      const { sourceEnd } = await start()
      // MariaDB is written to with its foreign keys switched off: it refuses none of them.
      if (kind === 'postgres')
        await until(async () => (await sourceEnd.status()).throttled?.includes('of child') === true, SLOW_MS)
      await becomesQuiet(sourceEnd)
      expect(await count('child')).toBe(150)
      expect((await sourceEnd.status()).waiting).toBe(0)
    },
    SLOW_MS,
  )

  it(
    'let the others of their table and of other tables pass, after a restart too, and go when it is mended',
    async () => {
      await open()
      await stand.inTarget('ALTER TABLE child ADD CONSTRAINT small CHECK (n < 100)')
      await stand.app('INSERT INTO parent VALUES (1, 0)')
      // It took its place in the log before all others.
      const commitLate = await stand.beginLate('INSERT INTO child VALUES (7777, 1, 1)')
      await stand.app(`INSERT INTO child SELECT seq, 1, 100 FROM ${numbers(120)}`)
      await stand.app('INSERT INTO child VALUES (8888, 1, 1)')
      const first = await start()
      await until(async () => (await count('child WHERE id = 8888')) === 1, SLOW_MS)
      await until(
        async () => (await first.sourceEnd.status()).throttled?.includes('more rows of child') === true,
        SLOW_MS,
      )
      await commitLate()
      await until(async () => (await count('child WHERE id = 7777')) === 1, SLOW_MS)

      await first.sourceEnd.stop()
      const { sourceEnd } = await start(first.transport)
      await stand.app('INSERT INTO child VALUES (9999, 1, 1)')
      await stand.app('INSERT INTO parent VALUES (2, 0)')
      await until(async () => (await count('child WHERE id = 9999')) === 1, SLOW_MS)
      await until(async () => (await count('parent WHERE id = 2')) === 1, SLOW_MS)
      // What has arrived is acknowledged a moment later.
      await until(async () => (await sourceEnd.status()).entries === 120, SLOW_MS)

      // It gives up soon when rows are being written.
      const mend = () => stand.inTarget('ALTER TABLE child DROP CONSTRAINT small')
      await until(() => mend().then(Boolean, () => false), SLOW_MS)
      await becomesQuiet(sourceEnd)
      expect(await count('child')).toBe(123)
      await until(async () => (await sourceEnd.status()).throttled === undefined, SLOW_MS)
    },
    SLOW_MS,
  )

  it(
    'and what is lost on its way, as many as may be, is sent again when the target is back',
    async () => {
      await open()
      await stand.app(`INSERT INTO parent SELECT seq, 0 FROM ${numbers(500)}`)
      const transport = createMemoryTransport()
      const sourceEnd = stand.openSource(transport, BOUNDS)
      ends.push(sourceEnd)
      // Whoever takes a job fails: the job is gone.
      transport.receiveBatches('apply', async () => Promise.reject(new Error('no target')))
      await sourceEnd.start()
      await until(async () => (await sourceEnd.status()).inFlight === BOUNDS.inFlight, SLOW_MS)
      const targetEnd = stand.openTarget(transport)
      ends.push(targetEnd)
      await targetEnd.start()
      await becomesQuiet(sourceEnd)
      expect(await count('parent')).toBe(500)
    },
    SLOW_MS,
  )
})

import { setTimeout as delay } from 'node:timers/promises'
import type { DialectName } from '../../../strangler/core/sync-words.ts'
import { createApplier } from '../../../strangler/sync/apply.ts'
import type { SyncDatabase } from '../../../strangler/sync/database.ts'
import { compileMapping, type TableMapping, type TableRoute } from '../../../strangler/sync/mapping.ts'
import { readPendingEntries } from '../../../strangler/sync/read-entries.ts'
import { openSide } from '../open-side.ts'
import { createRandom } from '../simulation/random.ts'

export const CAPABILITY = 'shop'
export const EPOCH = 1

/** Text keys that sort differently under different collations, and a composite key. */
const SCHEMAS: Readonly<Record<DialectName, readonly string[]>> = {
  postgres: [
    'CREATE TABLE stock (sku varchar(40) PRIMARY KEY, amount integer NOT NULL, price numeric(12,2), note text, changed timestamp(6))',
    'CREATE TABLE line (order_id bigint, position integer, doc json, PRIMARY KEY (order_id, position))',
  ],
  mariadb: [
    'CREATE TABLE stock (sku VARCHAR(40) PRIMARY KEY, amount INT NOT NULL, price DECIMAL(12,2), note TEXT, changed DATETIME(6)) COLLATE utf8mb4_bin',
    'CREATE TABLE line (order_id BIGINT, position INT, doc JSON, PRIMARY KEY (order_id, position)) COLLATE utf8mb4_bin',
  ],
}
const TABLES = ['stock', 'line']

export interface PairStand {
  readonly source: SyncDatabase
  readonly target: SyncDatabase
  readonly routes: readonly TableRoute[]
  /** The application at the source. */
  app(sql: string): Promise<void>
  /** Somebody at the target, past guards and the kit's memory. */
  meddle(sql: string): Promise<void>
  /** Applies what is pending; `lateMs` is how long it lies around first. */
  carry(lateMs?: number): Promise<number>
  /** Until nothing is pending. */
  drain(): Promise<void>
  close(): Promise<void>
}

export interface PairOptions {
  readonly mappings?: readonly TableMapping[]
  /** Run on the target's tables before anything is installed. */
  readonly targetSql?: readonly string[]
}

export async function openPair(
  from: DialectName,
  to: DialectName,
  options: PairOptions = {},
): Promise<PairStand> {
  const there = await openSide(from, 'verify_w', 20_000)
  const here = await openSide(to, 'verify_t', 20_000)
  for (const sql of SCHEMAS[from]) await there.run(sql)
  for (const sql of [...SCHEMAS[to], ...(options.targetSql ?? [])]) await here.run(sql)
  const [source, target] = [there.database, here.database]
  const shapes = await source.dialect.introspect(source.query, there.schema, TABLES)
  const copies = await target.dialect.introspect(target.query, here.schema, TABLES)
  for (const sql of source.dialect.captureUp(shapes)) await there.run(sql)
  for (const sql of target.dialect.targetUp()) await here.run(sql)
  const routes = TABLES.map((name) => {
    const mapping = options.mappings?.find(({ table }) => table === name) ?? { table: name }
    const find = (among: typeof shapes) => among.find((shape) => shape.name === name)!
    const { forward, problems } = compileMapping(mapping, find(shapes), find(copies))
    if (problems.length > 0) throw new Error(problems.join('\n'))
    return forward
  })
  const carry = createCarrier({ source, target, routes })
  return {
    source,
    target,
    routes,
    app: async (sql) => void (await there.run(sql)),
    meddle: async (sql) => void (await here.run(sql)),
    carry,
    async drain() {
      while ((await carry()) > 0);
    },
    async close() {
      await Promise.all([there.close(), here.close()])
    },
  }
}

const NAMES = { capability: CAPABILITY, installation: 'test' }

/** A relay, an applier and an acknowledger in one, arbitrarily late. */
function createCarrier({ source, target, routes }: Pick<PairStand, 'source' | 'target' | 'routes'>) {
  const report = (operation: string, error: unknown) => {
    throw new Error(operation, { cause: error })
  }
  const tables = routes.map((route) => route.target)
  const applier = createApplier({ ...NAMES, target, tables, report })
  return async (lateMs = 0): Promise<number> => {
    let carried = 0
    for (const route of routes) {
      const { intake } = source.dialect
      if (intake !== undefined) await source.query(intake.move(0, 5_000))
      const { entries } = await readPendingEntries(source, route, { limit: 300, skip: [] })
      if (entries.length === 0) continue
      await delay(lateMs)
      const batch = { ...NAMES, direction: 'forward', epoch: EPOCH, entries } as const
      const result = await applier.apply(batch)
      await delay(lateMs / 2)
      const done = (result?.done ?? []).map((entry) => ({ ...entry, table: route.source.table.name }))
      await source.query(source.dialect.deleteAcknowledged(done))
      carried += done.length
    }
    return carried
  }
}

/** Writes and carries until `isOver`; the last drain is the caller's. */
export async function keepBusy(stand: PairStand, seed: number, isOver: () => boolean): Promise<void> {
  const write = async (index: number) => {
    const random = createRandom(seed + index)
    const pick = random.below
    while (!isOver()) {
      const sku = `${pick(2) === 0 ? 'Busy' : 'busy'}-${pick(150)}`
      const statements = [
        `UPDATE stock SET amount = amount + 1 WHERE sku = '${sku}'`,
        `DELETE FROM stock WHERE sku = '${sku}'`,
        `UPDATE line SET position = position + 100 WHERE order_id = ${pick(50)} AND position < 900`,
        `INSERT INTO stock (sku, amount, price) SELECT '${sku}', ${pick(9)}, 1.50 FROM (SELECT 1 AS n) x WHERE NOT EXISTS (SELECT 1 FROM stock WHERE sku = '${sku}')`,
      ]
      // Two writers may insert the same row, or move to a taken place: the database refuses one of them.
      await stand.app(random.pick(statements)).catch(() => undefined)
    }
  }
  const carryOn = async (index: number) => {
    const random = createRandom(seed * 31 + index)
    while (!isOver()) await stand.carry(random.below(300))
  }
  await Promise.all([write(1), write(2), carryOn(1), carryOn(2)])
}

/** Rows on both sides: `count` items, and a line for each of 500 orders. */
export async function seed(stand: PairStand, count: number): Promise<void> {
  const isPostgres = stand.source.dialect.name === 'postgres'
  const numbers = (last: number) => (isPostgres ? `generate_series(1, ${last}) AS g(n)` : `seq_1_to_${last}`)
  const n = isPostgres ? 'n' : 'seq'
  const text = (prefix: string) => (isPostgres ? `'${prefix}' || ${n}` : `CONCAT('${prefix}', ${n})`)
  await stand.app(
    `INSERT INTO stock SELECT ${text('item-')}, ${n} % 90, ${n} / 8.0, ${text('a note about ')}, '2024-02-29 12:00:00.000001' FROM ${numbers(count)}`,
  )
  await stand.app(`INSERT INTO stock SELECT ${text('Busy-')}, 1, 2, NULL, NULL FROM ${numbers(150)}`)
  await stand.app(`INSERT INTO line SELECT ${n}, ${n} % 4, '{"b": 1.0, "a": [1, 2]}' FROM ${numbers(200)}`)
  await stand.app(`INSERT INTO line SELECT 200 + ${n}, 7, NULL FROM ${numbers(300)}`)
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkTables } from '../../../strangler/sync/check-tables.ts'
import type { SyncDatabase } from '../../../strangler/sync/database.ts'
import {
  type DatabasePair,
  openPair,
  type PairAddresses,
  rolesOf,
} from '../../../strangler/sync/database-pair.ts'
import type { Statement } from '../../../strangler/sync/dialect.ts'
import { createHandOver } from '../../../strangler/sync/hand-over.ts'
import { installSync, uninstallSync } from '../../../strangler/sync/install-sync.ts'
import { TABLES } from '../../rollout/items.ts'
import { openSideDatabase, type SideDatabase } from '../../rollout/side-database.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { kitTable } from '../simulation/side.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 120_000
const CAPABILITY = 'items'
const SIDES = ['monolith', 'service'] as const

/** Changes of triggers take long on MariaDB; what is fenced there is written by the same functions. */
const EVERY = { postgres: 1, mariadb: 4 } as const

/** What somebody else does while an uninstallation is frozen. */
type Meanwhile = 'installs anew' | 'installs anew and cuts over'

describe.each(['postgres', 'mariadb'] as const)(
  `an uninstallation that is frozen before any of its statements on %s${sayMissing('mariadb')}`,
  (kind) => {
    const isMissing = kind === 'mariadb' && mariadbd === undefined
    let sides: SideDatabase[]
    let pair: DatabasePair
    let meanwhile: Record<Meanwhile, () => Promise<void>>

    beforeAll(async () => {
      if (isMissing) return
      sides = await Promise.all(SIDES.map((side) => openSideDatabase(kind, side)))
      const addresses: PairAddresses = {
        monolith: { side: 'monolith', url: sides[0]!.url },
        service: { side: 'items', url: sides[1]!.url },
      }
      pair = await openPair(addresses, () => undefined)
      const { routes } = await checkTables(pair, TABLES, addresses)
      const roles = rolesOf(pair, 'forward')
      const basis = { capability: CAPABILITY, tables: TABLES }
      const install = async () => {
        await installSync(roles, routes.forward, basis)
        await keepSomething(pair)
      }
      let since = 0
      const cutOver = async () => {
        const soon = Date.now() + 10_000
        since += 1
        // A new one each time, as of a process that does not know of the former installation.
        const handOver = createHandOver({
          ...{ ...basis, ...roles, installation: 'test', routes: routes.forward, back: routes.reverse },
        })
        await handOver.prepare(soon)
        await handOver.enter(since * 4)
        await handOver.closeTarget(since * 4, soon)
        await handOver.closeSource(since * 4, soon)
        await handOver.enter(since * 4 + 2)
        await handOver.openTarget(since * 4 + 2, soon)
        await keepSomething(pair)
      }
      meanwhile = {
        'installs anew': install,
        'installs anew and cuts over': async () => {
          await install()
          await cutOver()
        },
      }
    }, SLOW_MS)
    afterAll(async () => {
      await pair?.stop()
      for (const side of sides ?? []) {
        await side.close()
        await side.drop()
      }
    }, SLOW_MS)

    const uninstall = (over: DatabasePair, isEnded = async () => true) =>
      uninstallSync(over, { capability: CAPABILITY, tables: TABLES, isEnded })

    it.skipIf(isMissing).each<Meanwhile>(['installs anew', 'installs anew and cuts over'])(
      'takes nothing from whoever %s meanwhile',
      async (what) => {
        const seen: Frozen['outcome'][] = []
        for (let place = 0; seen.at(-1) !== 'was through'; place += EVERY[kind]) {
          await meanwhile['installs anew']()
          const { outcome, before } = await freezeAt(pair, { place, meanwhile: meanwhile[what], uninstall })
          seen.push(outcome)
          if (outcome === 'was refused') expect(await describePair(pair), `place ${place}`).toEqual(before)
        }
        // On each side: capture, guards, what the target knows, and what is kept by capability.
        expect(seen.filter((outcome) => outcome === 'was refused').length).toBeGreaterThan(10 / EVERY[kind])
        expect(seen.filter((outcome) => outcome === 'was through')).toHaveLength(1)
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'negative control: the same last statements without a fence take the new owner’s memory away',
      async () => {
        await meanwhile['installs anew and cuts over']()
        const before = await describePair(pair)
        const { dialect } = pair.service
        const shapes = await dialect.introspect(pair.service.query, pair.schemaOf('service', undefined), [
          'entry',
        ])
        for (const unfenced of [dialect.targetDown(shapes), dialect.forgetCapability(CAPABILITY)]) {
          for (const sql of unfenced) await pair.service.query({ sql, params: [] })
          expect(await describePair(pair)).not.toEqual(before)
          await keepSomething(pair)
        }
        await uninstall(pair)
      },
      SLOW_MS,
    )
  },
)

interface Frozen {
  readonly outcome: 'was refused' | 'was through'
  /** What there was when it went on. */
  readonly before: unknown
}

interface Freeze {
  /** How many of its statements, of those after the journal was asked, come before. */
  readonly place: number
  readonly meanwhile: () => Promise<void>
  readonly uninstall: (pair: DatabasePair, isEnded: () => Promise<boolean>) => Promise<void>
}

/** The uninstallation is in front of its n-th statement while somebody else acts, and knows nothing of it. */
async function freezeAt(pair: DatabasePair, { place, meanwhile, uninstall }: Freeze): Promise<Frozen> {
  let left = place
  let before: unknown
  let isAsked = false
  const freezing = (database: SyncDatabase): SyncDatabase => ({
    ...database,
    async query(statement) {
      if (isAsked && changes(statement)) {
        if (left === 0) {
          await meanwhile()
          before = await describePair(pair)
        }
        left -= 1
      }
      return database.query(statement)
    },
  })
  const frozen = { ...pair, monolith: freezing(pair.monolith), service: freezing(pair.service) }
  try {
    await uninstall(frozen, async () => {
      isAsked = true
      return true
    })
    if (left < 0) throw new Error(`It went on at place ${place} as if nothing had been.`)
    return { outcome: 'was through', before }
  } catch (error) {
    expect(String(error)).toMatch(/has begun/)
    return { outcome: 'was refused', before }
  }
}

/** Not the looking. */
const changes = ({ sql }: Statement) =>
  !/^\s*(SELECT|SHOW|CREATE (TABLE|SCHEMA) IF NOT EXISTS|INSERT)/i.test(sql)

/** Of each kind that an uninstallation takes away, besides the triggers. */
async function keepSomething(pair: DatabasePair): Promise<void> {
  for (const side of SIDES) {
    const { dialect, query } = pair[side]
    const table = side === 'monolith' ? 'item' : 'entry'
    for (const sql of [...dialect.targetUp(), ...dialect.captureUp([])]) await query({ sql, params: [] })
    const never =
      dialect.name === 'postgres' ? 'ON CONFLICT DO NOTHING' : 'ON DUPLICATE KEY UPDATE epoch = epoch'
    const key = dialect.name === 'postgres' ? 'key' : '`key`'
    const name = (kept: string) => kitTable(dialect.name, kept)
    for (const sql of [
      `INSERT INTO ${name('applied')} (tbl, ${key}, epoch, version, deleted) VALUES ('${table}', '["1"]', 1, 1, ${dialect.name === 'postgres' ? 'false' : '0'}) ${never}`,
      `INSERT INTO ${name('sync_state')} (capability, role, epoch, incarnation) VALUES ('${CAPABILITY}', 'target', 1, '') ${never}`,
    ])
      await query({ sql, params: [] })
  }
}

/** Everything of the kit that is in the two databases. */
async function describePair(pair: DatabasePair): Promise<unknown> {
  const found: Record<string, unknown> = {}
  for (const side of SIDES) {
    const { dialect, query } = pair[side]
    const ask = async (sql: string) => query({ sql, params: [] }).catch(() => ['there is no such table'])
    const schema = dialect.name === 'postgres' ? 'current_schema()' : 'DATABASE()'
    found[`${side} triggers`] = await ask(
      `SELECT trigger_name AS name, event_manipulation AS event FROM information_schema.triggers WHERE trigger_schema = ${schema} ORDER BY 1, 2`,
    )
    for (const [table, columns] of [
      ['applied', 'tbl, version'],
      ['sync_state', 'capability, role, epoch'],
      ['checkpoint', 'name, state'],
      ['change_log', 'tbl'],
    ] as const)
      found[`${side} ${table}`] = await ask(
        `SELECT ${columns} FROM ${kitTable(dialect.name, table)} ORDER BY 1`,
      )
  }
  return found
}

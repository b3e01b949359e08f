import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatabasePair } from '../../../strangler/sync/database-pair.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { kitTable } from '../simulation/side.ts'
import {
  CAPABILITY,
  describePair,
  type Frozen,
  type FrozenStand,
  freezeAt,
  openFrozenStand,
  SIDES,
} from './frozen-stand.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 120_000

/** Changes of triggers take long on MariaDB; what is fenced there is written by the same functions. */
const EVERY = { postgres: 1, mariadb: 4 } as const

/** What somebody else does while an uninstallation is frozen. */
type Meanwhile = 'installs anew' | 'installs anew and cuts over'

describe.each(['postgres', 'mariadb'] as const)(
  `an uninstallation that is frozen before any of its statements on %s${sayMissing('mariadb')}`,
  (kind) => {
    const isMissing = kind === 'mariadb' && mariadbd === undefined
    let stand: FrozenStand
    let meanwhile: Record<Meanwhile, () => Promise<void>>

    beforeAll(async () => {
      if (isMissing) return
      stand = await openFrozenStand(kind)
      const install = async () => {
        await stand.install()
        await keepSomething(stand.pair)
      }
      meanwhile = {
        'installs anew': install,
        'installs anew and cuts over': async () => {
          await install()
          await stand.cutOver()
          await keepSomething(stand.pair)
        },
      }
    }, SLOW_MS)
    afterAll(() => stand?.close(), SLOW_MS)

    it.skipIf(isMissing).each<Meanwhile>(['installs anew', 'installs anew and cuts over'])(
      'takes nothing from whoever %s meanwhile',
      async (what) => {
        const { pair, uninstall } = stand
        const seen: Frozen['outcome'][] = []
        for (let place = 0; seen.at(-1) !== 'was through'; place += EVERY[kind]) {
          await meanwhile['installs anew']()
          const { outcome, before } = await freezeAt(pair, {
            ...{ place, meanwhile: meanwhile[what], command: uninstall },
          })
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
        const { pair, uninstall } = stand
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
        await uninstall()
      },
      SLOW_MS,
    )
  },
)

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

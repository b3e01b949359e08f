import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { DialectName } from '../../../strangler/core/sync-words.ts'
import { requireProgram } from '../../support/optional.ts'
import {
  createSideOn,
  type RestartableServer,
  startMariadb,
  startPostgres,
} from '../simulation/restartable-servers.ts'
import type { Side } from '../simulation/side.ts'
import { type LostStand, openLostStand, TOKEN } from './lost-stand.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 150_000

/** Between them each is once the source and once the target. */
const PAIRS = [
  { source: 'postgres', target: 'mariadb' },
  { source: 'mariadb', target: 'postgres' },
] as const

describe.skipIf(mariadbd === undefined)('a server whose files are put back to an older copy', () => {
  let servers: Record<DialectName, RestartableServer>
  beforeAll(async () => {
    vi.stubEnv('STRANGLER_NO_REDIS', '1')
    vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
    vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-lost-databases')
    const [postgres, mariadb] = await Promise.all([startPostgres(), startMariadb(mariadbd!.path)])
    servers = { postgres, mariadb }
  }, SLOW_MS)
  afterAll(() => Promise.all(Object.values(servers ?? {}).map((server) => server.stop())), SLOW_MS)

  test.each(PAIRS)(
    '$source → $target: is found, whichever of the two it was, and nothing differs in the end',
    { timeout: SLOW_MS },
    async ({ source, target }) => {
      const [monolith, service] = [
        await createSideOn(source, servers[source], `w_${source}`),
        await createSideOn(target, servers[target], `t_${source}`),
      ]
      const stand = await openLostStand(monolith, service)
      try {
        await stand.settled()
        await loseAndRegain(stand, servers[target], 'target')
        await loseAndRegain(stand, servers[source], 'source')
      } finally {
        await stand.stop()
      }
    },
  )

  test('a MariaDB that goes back less than its tokens can tell is found by the numbers that it gives', {
    timeout: SLOW_MS,
  }, async () => {
    const [monolith, service] = [
      await createSideOn('mariadb', servers.mariadb, 'w_numbers'),
      await createSideOn('postgres', servers.postgres, 't_numbers'),
    ]
    const stand = await openLostStand(monolith, service)
    try {
      await write(monolith, 1, 'source')
      await stand.settled()
      // As after a loss: the next number is one that the target has seen already, and the change with it would be passed by.
      await monolith.run('ALTER TABLE strangler_change_log AUTO_INCREMENT = 1')
      await stand.settled((sync) => sync.lost === 'source')
      expect((await stand.newest())?.because).toMatch(/its log ends at \d+, and was at \d+ before/)
      await write(monolith, 2, 'source')
      await stand.settled()
      expect(await stand.rows(service)).toEqual(await stand.rows(monolith))
    } finally {
      await stand.stop()
    }
  })
})

async function loseAndRegain(stand: LostStand, server: RestartableServer, lost: 'source' | 'target') {
  const { monolith, service } = stand
  await server.backUp()
  await write(monolith, 1, lost)
  const before = await stand.settled()
  await tokensRenewed(stand, before.epoch)
  await write(monolith, 2, lost)
  await stand.settled()
  await server.restore()
  const after = await stand.settled((sync) => sync.lost === lost && sync.epoch !== before.epoch)
  expect(after.epoch).toBeGreaterThan(before.epoch ?? 0)
  expect(await stand.newest()).toMatchObject({
    by: 'kit',
    because: expect.stringContaining(`The ${lost} is not the database that it was`),
    event: { kind: 'sync.started', backfill: true, lost },
  })
  // A copy of every row takes nothing away: what the target alone has is found by a comparison.
  expect(await stand.verify()).toMatchObject({ missing: 0, different: 0, extra: 2 })
  await stand.repair()
  expect(await stand.verify()).toEqual({ missing: 0, extra: 0, different: 0 })
  const rows = await stand.rows(service)
  expect(rows).toEqual(await stand.rows(monolith))
  expect(rows.some(({ value }) => value === `${lost} 2`)).toBe(lost === 'target')
}

/** A change, a new row and a delete. */
async function write(side: Side, turn: number, lost: string): Promise<void> {
  const first = lost === 'target' ? 100 : 200
  await side.run('UPDATE item SET value = ? WHERE id <= 20', [`${lost} ${turn}`])
  await side.run('INSERT INTO item VALUES (?, ?)', [1_000 + first + turn, `${lost} ${turn}`])
  await side.run('DELETE FROM item WHERE id = ?', [first + turn])
}

/** What a copy holds is told by its tokens, which are renewed within a second of a change. */
async function tokensRenewed(stand: LostStand, epoch: number | undefined): Promise<void> {
  const read = async () => [await stand.token(stand.monolith), await stand.token(stand.service)]
  const [source, target] = await read()
  await vi.waitFor(
    async () => {
      await stand.monolith.run(`UPDATE item SET value = '${epoch}' WHERE id = 30`)
      const [one, other] = await read()
      expect(one).not.toBe(source)
      expect(other).not.toBe(target)
    },
    { timeout: 20_000, interval: 200 },
  )
}

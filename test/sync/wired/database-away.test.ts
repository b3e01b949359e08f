import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { DialectName } from '../../../strangler/core/sync-words.ts'
import { kitTable } from '../../../strangler/sync/bookkeeping.ts'
import { requireProgram } from '../../support/optional.ts'
import {
  createSideOn,
  type RestartableServer,
  startMariadb,
  startPostgres,
} from '../simulation/restartable-servers.ts'
import { type LostStand, openLostStand, TOKEN } from './lost-stand.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 150_000
/** As late as a server's statistics may be, and a look after that; MariaDB has none. */
const LOOKS_MS = { postgres: 14_000, mariadb: 1_000 }

/** Between them each is once the source and once the target. */
const PAIRS = [
  { source: 'postgres', target: 'mariadb' },
  { source: 'mariadb', target: 'postgres' },
] as const

describe.skipIf(mariadbd === undefined)('a database that goes away while the sync runs', () => {
  let servers: Record<DialectName, RestartableServer>
  beforeAll(async () => {
    vi.stubEnv('STRANGLER_NO_REDIS', '1')
    vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
    vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-databases-away')
    const [postgres, mariadb] = await Promise.all([startPostgres(), startMariadb(mariadbd!.path)])
    servers = { postgres, mariadb }
  }, SLOW_MS)
  afterAll(() => Promise.all(Object.values(servers ?? {}).map((server) => server.stop())), SLOW_MS)

  test.each(PAIRS)(
    '$source → $target: the status names it and what to do; once it is back the sync goes on by itself, and nothing is lost',
    { timeout: SLOW_MS },
    async ({ source, target }) => {
      const [monolith, service] = [
        await createSideOn(source, servers[source], `away_w_${source}`),
        await createSideOn(target, servers[target], `away_t_${source}`),
      ]
      const stand = await openLostStand(monolith, service, { watchEveryMs: 1_000 })
      try {
        const before = await stand.settled()
        await monolith.run("UPDATE item SET value = 'just before' WHERE id <= 50")
        await servers[target].kill()
        await saysWhatIsAway(stand, 'stock', service.url)
        await monolith.run("UPDATE item SET value = 'meanwhile' WHERE id <= 20")
        await monolith.run('DELETE FROM item WHERE id = 300')
        await servers[target].start()
        await stand.settled()
        expect(await stand.rows(service)).toEqual(await stand.rows(monolith))

        await monolith.run("UPDATE item SET value = 'just before the other' WHERE id <= 50")
        await servers[source].kill()
        await saysWhatIsAway(stand, 'monolith', monolith.url)
        await servers[source].start()
        await monolith.run("UPDATE item SET value = 'afterwards' WHERE id <= 10")
        const writtenAt = Date.now()
        const after = await stand.settled(
          ({ live }) => Date.parse(live?.health?.checkedAt ?? '') > writtenAt + LOOKS_MS[source],
        )
        expect(await stand.rows(service)).toEqual(await stand.rows(monolith))
        expect(await stand.verify()).toEqual({ missing: 0, extra: 0, different: 0 })
        // Neither was taken for another database, nor the capture for broken.
        expect(after).toMatchObject({ epoch: before.epoch, live: { health: { problems: [] } } })

        await servers[source].kill()
        await expect(stand.command('uninstall')).rejects.toMatchObject({
          code: 'STRANGLER_SYNC_DATABASE_UNREACHABLE',
          message: expect.stringContaining(
            'The sync of stock has ended, and what it has made is not all taken out',
          ),
          fix: expect.stringContaining('`strangler sync uninstall stock` once more'),
        })
        await servers[source].start()
        await stand.command('uninstall')
        for (const side of [monolith, service])
          await expect(side.run(`SELECT 1 FROM ${kitTable(side.dialect, 'sync_state')}`)).rejects.toThrow()
      } finally {
        await stand.stop()
      }
    },
  )
})

async function saysWhatIsAway({ statusWhen }: LostStand, side: string, url: string): Promise<void> {
  const { host } = new URL(url)
  const { problem, state } = await statusWhen((sync) => sync.problem?.includes('does not answer') === true)
  expect(state).toBe('running')
  expect(problem).toContain(`The database of the side ${side} at ${host} does not answer: `)
  expect(problem).toContain(
    'Start it, or see what is between; then repeat what was asked. Nothing is lost meanwhile',
  )
  // The driver's sentence, not an empty one.
  expect(problem).not.toContain('answer: .')
}

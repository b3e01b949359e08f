import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { DialectName } from '../../../strangler/core/sync-words.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { createSide, kitTable } from '../simulation/side.ts'
import { type LostStand, openLostStand, TOKEN } from './lost-stand.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 120_000

beforeAll(() => {
  vi.stubEnv('STRANGLER_NO_REDIS', '1')
  vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
  vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-lost-databases')
})

const releases: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const release of releases.splice(0).toReversed()) await release()
}, SLOW_MS)

async function open(kind: DialectName): Promise<LostStand> {
  const [monolith, service] = await Promise.all([createSide(kind, 'lj_m'), createSide(kind, 'lj_s')])
  releases.push(monolith.drop, service.drop)
  const stand = await openLostStand(monolith, service)
  releases.push(stand.stop)
  // So many epochs that a young journal stays below them for a while.
  for (let more = 0; more < 8; more += 1) await stand.command('backfill')
  await stand.settled()
  return stand
}

/** What the documents and the refusal name. */
async function beginAnew(stand: LostStand): Promise<void> {
  await stand.command('uninstall')
  await stand.command('install')
  await stand.command('backfill')
}

describe.each(['postgres', 'mariadb'] as const)(
  `a control database that was lost and made anew, over databases on %s${sayMissing('mariadb')}`,
  (kind) => {
    const isMissing = kind === 'mariadb' && mariadbd === undefined

    test.skipIf(isMissing)(
      'a sync is refused that would carry nothing, and the path that the refusal names leads to a copy that is one again',
      async () => {
        const stand = await open(kind)
        await stand.loseControl(() => stand.monolith.run('DELETE FROM item WHERE id = 300'))
        const { length } = await stand.rows(stand.service)
        await expect(stand.command('install')).rejects.toMatchObject({ code: 'STRANGLER_SYNC_FOREIGN' })
        await expect(stand.command('install', { takeOver: true })).rejects.toMatchObject({
          code: 'STRANGLER_SYNC_OUTDATED',
          message: expect.stringMatching(/knows epoch \d+, and this is epoch 1:.*the monolith owned it/),
          fix: expect.stringMatching(/sure who owns stock.*uninstall.*install.*backfill.*verify/),
        })
        await beginAnew(stand)
        await stand.monolith.run("UPDATE item SET value = 'since' WHERE id <= 10")
        await stand.settled()
        // Of what was deleted while nobody carried, only a comparison knows.
        expect(await stand.verify()).toEqual({ missing: 0, extra: 1, different: 0 })
        expect(await stand.rows(stand.service)).toHaveLength(length)
        await stand.repair()
        expect(await stand.verify()).toEqual({ missing: 0, extra: 0, different: 0 })
        expect(await stand.rows(stand.service)).toEqual(await stand.rows(stand.monolith))
      },
      SLOW_MS,
    )
  },
)

test(
  'a running sync whose database knows a later epoch says so, as does the next one, and both leave the log as it is',
  async () => {
    const stand = await open('postgres')
    const states = kitTable('postgres', 'sync_state')
    // As by a job that waited in the queue while its journal was lost.
    await stand.service.run(`UPDATE ${states} SET epoch = 900`)
    const isSaid = (text?: string) => text?.includes('knows epoch 900') === true
    const said = await stand.statusWhen(({ live }) => isSaid(live?.warnings?.join()))
    expect(said.live?.warnings?.join()).toContain('sync … stock')
    await stand.monolith.run("UPDATE item SET value = 'late' WHERE id = 1")
    await stand.command('backfill')
    const { live } = await stand.statusWhen(({ problem }) => isSaid(problem))
    expect(live).toMatchObject({ runsHere: false, entries: 1 })
    await expect(stand.command('install')).rejects.toMatchObject({ code: 'STRANGLER_SYNC_OUTDATED' })

    await beginAnew(stand)
    await stand.settled()
    expect(await stand.verify()).toEqual({ missing: 0, extra: 0, different: 0 })
    expect(await stand.rows(stand.service)).toEqual(await stand.rows(stand.monolith))
  },
  SLOW_MS,
)

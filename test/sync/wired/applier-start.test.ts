import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { TableShape } from '../../../strangler/core/sync-words.ts'
import { prepareTarget } from '../../../strangler/sync/apply/prepare-target.ts'
import { forgetReleased, keepReleased } from '../../../strangler/sync/apply/released.ts'
import { raiseEpoch } from '../../../strangler/sync/bookkeeping.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import { CAPABILITY, describePair, type FrozenStand, openFrozenStand } from './frozen-stand.ts'

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 120_000
const CLAIM = { capability: CAPABILITY, installation: 'test' }

describe.each(['postgres', 'mariadb'] as const)(
  `an applier of a service that starts while \`sync uninstall\` is at work on %s${sayMissing('mariadb')}`,
  (kind) => {
    const isMissing = kind === 'mariadb' && mariadbd === undefined
    let stand: FrozenStand
    let tables: readonly TableShape[]
    let clean: Record<string, unknown>

    beforeAll(async () => {
      if (isMissing) return
      stand = await openFrozenStand(kind)
      const { dialect, query } = stand.pair.service
      tables = await dialect.introspect(query, stand.pair.schemaOf('service', undefined), ['entry'])
      await stand.uninstall()
      clean = await describePair(stand.pair)
    }, SLOW_MS)
    afterEach(async () => {
      if (isMissing) return
      await forgetReleased(stand.pair.service, CAPABILITY)
      await stand.uninstall()
    }, SLOW_MS)
    afterAll(() => stand?.close(), SLOW_MS)

    /** The journal has been asked, and nothing is taken away yet. */
    const uninstallWhileStarting = () =>
      stand.uninstall(stand.pair, async () => {
        await prepareTarget(stand.pair.service, CLAIM, tables)
        return true
      })

    it.skipIf(isMissing).each<[string, () => Promise<unknown>]>([
      ['was released from the sync before', () => keepReleased(stand.pair.service, CLAIM)],
      [
        'owns',
        async () => {
          const owning = { capability: CAPABILITY, role: 'source', epoch: 1 } as const
          await stand.pair.service.query(raiseEpoch(kind, owning))
        },
      ],
      ['has been cut over once', () => stand.cutOver()],
    ])(
      'does not end it where the service %s: it has no guards to put on',
      async (what, prepare) => {
        await stand.install()
        await prepare()
        await uninstallWhileStarting()
        const left = { ...clean, 'service checkpoint': expect.anything() }
        expect(await describePair(stand.pair)).toEqual(left)
        expect(await stand.sides.service.run('add', what)).toBe(1)
      },
      SLOW_MS,
    )

    it.skipIf(isMissing)(
      'ends it where it has guards to put on, and whoever has asked for it is told',
      async () => {
        await stand.install()
        await expect(uninstallWhileStarting()).rejects.toMatchObject({ code: 'STRANGLER_SYNC_CONFLICT' })
        await expect(stand.sides.service.run('add', 'stray')).rejects.toThrow(/strangler/i)
      },
      SLOW_MS,
    )
  },
)

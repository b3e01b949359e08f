import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { requireProgram, sayMissing } from '../../support/optional.ts'
import {
  createSideOn,
  type RestartableServer,
  startMariadb,
  startPostgres,
} from '../simulation/restartable-servers.ts'
import { createSide, openSide, type Side } from '../simulation/side.ts'
import { type Address, openAddress } from './address.ts'
import { type LostStand, openLostStand, TOKEN } from './lost-stand.ts'
import { PRIMARY_FLAGS, startMariadbStandby } from './mariadb-standby.ts'
import { type Standby, startStandby } from './standby.ts'

const detection = vi.hoisted(() => ({ isOn: true }))
vi.mock('../../../strangler/sync/judge-incarnation.ts', async (load) => {
  const judge = await load<typeof import('../../../strangler/sync/judge-incarnation.ts')>()
  return {
    ...judge,
    judgeIncarnation: (...both: Parameters<typeof judge.judgeIncarnation>) =>
      detection.isOn ? judge.judgeIncarnation(...both) : undefined,
  }
})

const SLOW_MS = 150_000
const mariadbd = await requireProgram('mariadb')

describe.each(['postgres', 'mariadb'] as const)('%s', (dialect) => {
  describe.skipIf(dialect === 'mariadb' && mariadbd === undefined)(
    `a monolith's database${dialect === 'mariadb' ? sayMissing('mariadb') : ''}`,
    () => {
      let primary: RestartableServer
      let standby: Standby
      let address: Address
      let service: Side
      let stand: LostStand

      beforeEach(async () => {
        vi.stubEnv('STRANGLER_NO_REDIS', '1')
        vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
        vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-lost-databases')
        primary = await (dialect === 'postgres'
          ? startPostgres()
          : startMariadb(mariadbd!.path, PRIMARY_FLAGS))
        address = await openAddress(primary.url)
        const { url } = await createSideOn(dialect, primary, 'w')
        const monolith = openSide(dialect, address.of(url), async () => undefined)
        service = await createSide('postgres', 'failed_over')
        stand = await openLostStand(monolith, service)
        await stand.settled()
        standby = await (dialect === 'postgres'
          ? startStandby(primary)
          : startMariadbStandby(primary, mariadbd!.path))
      }, SLOW_MS)
      afterEach(async () => {
        detection.isOn = true
        await stand.stop()
        await Promise.all([service.drop(), address.stop(), standby.stop(), primary.stop()])
      }, SLOW_MS)

      /** Insert, change and delete: what the standby has not got is another row too many, one that differs and one that is missing. */
      async function write(side: Side, id: number, value: string): Promise<void> {
        await side.run('UPDATE item SET value = ? WHERE id <= 20', [value])
        await side.run('INSERT INTO item VALUES (?, ?)', [1_000 + id, value])
        await side.run('DELETE FROM item WHERE id = ?', [100 + id])
      }

      async function failOver(): Promise<void> {
        await primary.kill()
        address.pointTo(standby.url)
        await standby.promote()
      }

      /** What the primary did last, the service has, and the standby never got. */
      async function failOverWithLoss(): Promise<void> {
        await standby.catchUp()
        await standby.cutOff()
        if (dialect === 'postgres') {
          // Far ahead in the log, which takes a record to switch: whatever the standby writes comes before that for a while.
          await stand.monolith.run("UPDATE item SET value = 'ahead' WHERE id = 50")
          await stand.monolith.run('SELECT pg_switch_wal()')
        }
        await write(stand.monolith, 2, 'lost')
        await stand.settled()
        await failOver()
        await write(stand.monolith, 3, 'after it')
      }

      test('a standby that has everything takes over: another epoch begins, and nothing differs', {
        timeout: SLOW_MS,
      }, async () => {
        await write(stand.monolith, 1, 'before it')
        const before = await stand.settled()
        await standby.catchUp()
        await failOver()
        await write(stand.monolith, 2, 'after it')
        const after = await stand.settled((sync) => sync.lost === 'source')
        expect(after.epoch).toBeGreaterThan(before.epoch ?? 0)
        expect(await stand.newest()).toMatchObject({
          by: 'kit',
          because: expect.stringMatching(/another server.* has taken over/),
          event: { kind: 'sync.started', backfill: true, lost: 'source' },
        })
        await verifyAndRepair()
      })

      test('a standby without the newest transactions takes over: a comparison finds what only the service has', {
        timeout: SLOW_MS,
      }, async () => {
        await failOverWithLoss()
        await stand.settled((sync) => sync.lost === 'source')
        // The row that the lost transaction had deleted is copied again; the one that it had made is found, and taken away by `repair`.
        expect(await stand.verify()).toMatchObject({ missing: 0, different: 0, extra: expect.any(Number) })
        await verifyAndRepair()
        expect((await stand.rows(service)).map(({ id }) => id)).toContain('102')
        expect((await stand.rows(service)).map(({ id }) => id)).not.toContain('1002')
      })

      test('where nobody looks whether it is another server, rows stay different', {
        timeout: SLOW_MS,
      }, async () => {
        detection.isOn = false
        await failOverWithLoss()
        await stand.settled()
        const there = new Map((await stand.rows(service)).map(({ id, value }) => [id, value]))
        expect((await stand.settled()).lost).toBeUndefined()
        // It has a higher version than the standby's, and nothing tells the two apart.
        expect(there.get('1')).toBe('lost')
        expect(there.has('102')).toBe(false)
        expect(there.has('1002')).toBe(true)
      })

      /** What was deleted in the moment between the fail-over and the new epoch only a comparison finds. */
      async function verifyAndRepair(): Promise<void> {
        await stand.verify()
        await stand.repair()
        expect(await stand.verify()).toEqual({ missing: 0, extra: 0, different: 0 })
        expect(await stand.rows(service)).toEqual(await stand.rows(stand.monolith))
      }
    },
  )
})

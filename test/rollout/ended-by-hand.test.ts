import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type CutoverStand, fillCopy, startCutoverStand } from './cutover-stand.ts'

const SLOW_MS = 60_000
let stand: CutoverStand

beforeAll(async () => {
  stand = await startCutoverStand(1, { kind: 'postgres' })
  await fillCopy(stand)
}, SLOW_MS)
afterAll(() => stand?.stop(), SLOW_MS)

const newest = async () => (await stand.admin.history({ limit: 1 })).entries[0]?.event.kind
const end = async (change: 'release' | 'abort') => {
  const { version } = await stand.admin.routes()
  return stand.admin.changeHold(change, { capability: 'items', expectedVersion: version })
}

/** From now on the number of an undoing, or of an opening, is not taken: as if that database did not answer. */
const CANNOT_GO_ON = `
CREATE FUNCTION refuse_token() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state::bigint % 4 = PART THEN RAISE EXCEPTION 'the database is away'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER refuse_token BEFORE UPDATE ON strangler.checkpoint
FOR EACH ROW WHEN (NEW.name = 'cutover:items:token') EXECUTE FUNCTION refuse_token()`
const CAN_GO_ON = 'DROP TRIGGER refuse_token ON strangler.checkpoint; DROP FUNCTION refuse_token'

/** It is not the same on both sides, which is found behind the fence. */
async function changeRow(): Promise<void> {
  const { monolith, service } = stand.databases
  await monolith.query(`UPDATE item SET hits = hits + 1 WHERE number = 'seed-4'`)
  await stand.settle()
  const past = await service.begin('asApplier')
  await past.query(`UPDATE entry SET count = 99 WHERE number = 'seed-4'`)
  await past.end('COMMIT')
}

async function mendRow(): Promise<void> {
  await stand.databases.monolith.query(`UPDATE item SET hits = hits + 1 WHERE number = 'seed-4'`)
  await stand.settle()
}

describe('a hold is not ended by hand before its owner takes writes', () => {
  it(
    'while a cut-over is being undone',
    async () => {
      const { monolith } = stand.databases
      await changeRow()
      await monolith.query(CANNOT_GO_ON.replace('PART', '1'))
      const moving = stand.moveTo('service').catch((error: unknown) => error)
      await vi.waitFor(async () => expect(await newest()).toBe('cutover.aborted'), SLOW_MS)
      await expect(stand.run('monolith', 'too early')).rejects.toThrow(/strangler/i)
      for (const change of ['abort', 'release'] as const)
        await expect(end(change)).rejects.toMatchObject({ code: 'STRANGLER_HOLD_CONFLICT', status: 409 })
      await monolith.query(CAN_GO_ON)
      expect(await moving).toMatchObject({ code: 'STRANGLER_CUTOVER_UNDONE' })
      expect(await newest()).toBe('hold.aborted')
      expect(await stand.run('monolith', 'undone')).toBe(1)
      await mendRow()
    },
    SLOW_MS,
  )

  it(
    'while the new one is being opened',
    async () => {
      const { service } = stand.databases
      await service.query(CANNOT_GO_ON.replace('PART', '2'))
      const moving = stand.moveTo('service').catch((error: unknown) => error)
      await vi.waitFor(async () => expect(await newest()).toBe('owner.changed'), SLOW_MS)
      await expect(stand.run('service', 'too early')).rejects.toThrow(/strangler/i)
      for (const change of ['abort', 'release'] as const)
        await expect(end(change)).rejects.toMatchObject({ code: 'STRANGLER_HOLD_CONFLICT', status: 409 })
      await service.query(CAN_GO_ON)
      expect(await moving).not.toBeInstanceOf(Error)
      expect(await newest()).toBe('hold.released')
      expect(await stand.run('service', 'opened')).toBe(1)
    },
    SLOW_MS,
  )
})

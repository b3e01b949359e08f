import pg from 'pg'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Side } from '../../strangler/core/words.ts'
import { canDumpMariadb, dumpMariadb } from '../support/dump-mariadb.ts'
import { requireProgram } from '../support/optional.ts'
import { readCatalogue } from '../support/read-catalogue.ts'
import { type CutoverStand, startCutoverStand } from './cutover-stand.ts'

const SLOW_MS = 240_000
const mariadbd = await requireProgram('mariadb')
const hasMaria = mariadbd !== undefined && canDumpMariadb
const CAPABILITY = 'items'

let stand: CutoverStand | undefined
afterEach(() => stand?.stop(), SLOW_MS)

async function start(kind: 'postgres' | 'mariadb'): Promise<CutoverStand> {
  stand = await startCutoverStand(1, { kind })
  return stand
}

async function gatesOf({ admin }: CutoverStand): Promise<Record<string, string>> {
  const { capabilities } = await admin.guide({ capability: CAPABILITY })
  return Object.fromEntries((capabilities[0]?.next?.gates ?? []).map(({ id, state }) => [id, state]))
}

/** Steps until the next one is `until`; whatever is closed is overridden, since not the gates are in question here. */
async function walkUntil({ admin }: CutoverStand, until: string): Promise<void> {
  for (let step = 0; step < 15; step += 1) {
    const { version, capabilities } = await admin.guide({ capability: CAPABILITY })
    const next = capabilities[0]?.next
    if (next === undefined || next.step === until) return
    const override = next.gates.filter(({ state }) => state !== 'pass').map(({ id }) => id)
    const profile = step === 0 ? ({ profile: 'demo' } as const) : {}
    const asked = { capability: CAPABILITY, expectedVersion: version, because: 'not in question here' }
    await admin.migrateNext({ ...asked, ...profile, override })
  }
}

/** All rows are compared, and the cut-over is rehearsed. */
async function prove({ admin, settle }: CutoverStand): Promise<void> {
  await settle()
  await admin.verifySync({ capability: CAPABILITY })
  await vi.waitFor(
    async () => {
      const { obstacles } = await admin.rehearseCutover({ capability: CAPABILITY, to: 'service' })
      expect(obstacles).toEqual([])
    },
    { timeout: 60_000, interval: 500 },
  )
}

const PROVEN = {
  'verify-clean': 'pass',
  'log-short': 'pass',
  'dry-run-done': 'pass',
  'identities-fit': 'pass',
}

async function forget({ urls }: CutoverStand): Promise<void> {
  const client = new pg.Client({ connectionString: urls.control })
  await client.connect()
  await client.query('DELETE FROM strangler_control.guide_evidence')
  await client.end()
}

describe('what the guide knows', () => {
  it(
    'outlives a restart of the kit, with its age, and only because it is kept in the control database',
    async () => {
      const present = await start('postgres')
      await walkUntil(present, 'cutover')
      await prove(present)
      await vi.waitFor(async () => expect(await gatesOf(present)).toMatchObject(PROVEN), {
        timeout: 60_000,
        interval: 500,
      })
      await present.restart()
      // The sync has to be heard of first; nothing is measured anew.
      await vi.waitFor(async () => expect(await gatesOf(present)).toMatchObject(PROVEN), {
        timeout: 30_000,
        interval: 100,
      })
      const { capabilities } = await present.admin.guide({ capability: CAPABILITY })
      const rehearsed = capabilities[0]?.next?.gates.find(({ id }) => id === 'dry-run-done')
      expect(rehearsed?.evidence['ageMs']).toBeGreaterThan(0)
      await forget(present)
      expect(await gatesOf(present)).toMatchObject({ 'verify-clean': 'unknown', 'dry-run-done': 'unknown' })
    },
    SLOW_MS,
  )
})

/** There is nothing to measure yet, and that is no failure. */
async function expectNoSync({ admin }: CutoverStand): Promise<void> {
  const rehearse = (to: Side) => admin.rehearseCutover({ capability: CAPABILITY, to })
  expect(await rehearse('monolith')).toEqual({
    ...{ parts: {}, predictedMs: 0 },
    obstacles: [
      {
        reason: 'the monolith owns items already, and no sync is installed: no write would be held',
        fix: 'Nothing is to be moved: going back costs nothing. `strangler migrate items back` goes back one step.',
      },
    ],
  })
  expect((await rehearse('service')).obstacles).toMatchObject([
    { reason: 'the sync of items is not installed' },
  ])
}

/** Nothing leads on or back from there, and nothing begins to carry rows again. */
async function expectRetired({ admin }: CutoverStand): Promise<void> {
  const { version: expectedVersion } = await admin.routes()
  const command = { capability: CAPABILITY, expectedVersion, because: 'again' }
  const already = {
    code: 'STRANGLER_STEP_REFUSED',
    message: expect.stringContaining('It is retired already'),
  }
  const { obstacles } = await admin.rehearseCutover({ capability: CAPABILITY, to: 'monolith' })
  expect(obstacles).toMatchObject([{ reason: expect.stringContaining('items is retired') }])
  await expect(admin.rehearseRetirement(CAPABILITY)).rejects.toMatchObject(already)
  await expect(admin.migrateNext({ ...command, override: [] })).rejects.toMatchObject(already)
  await expect(admin.retire({ ...command, override: [] })).rejects.toMatchObject(already)
  for (const change of ['install', 'backfill', 'pause'] as const)
    await expect(admin.changeSync(change, command)).rejects.toMatchObject({
      code: 'STRANGLER_SYNC_CONFLICT',
      message: expect.stringContaining('is retired'),
      fix: expect.not.stringContaining('sync install'),
    })
}

const dump = (url: string, kind: 'postgres' | 'mariadb') =>
  kind === 'mariadb' ? dumpMariadb(url) : catalogueOf(url)

async function catalogueOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return JSON.stringify(await readCatalogue(async (sql: string) => (await client.query(sql)).rows), null, 1)
  } finally {
    await client.end()
  }
}

describe.each(['postgres', 'mariadb'] as const)('retiring on %s', (kind) => {
  it.skipIf(kind === 'mariadb' && !hasMaria)(
    `leaves both databases as they were before the first step, and names what the monolith does not need any more${hasMaria ? '' : ' (skipped on MariaDB: it or its dump program is not on this machine)'}`,
    async () => {
      const present = await start(kind)
      const both = () =>
        Promise.all([present.urls.monolith, present.urls.service].map((url) => dump(url, kind)))
      const before = await both()
      await expectNoSync(present)
      expect(await both()).toEqual(before)
      await walkUntil(present, 'retire')
      const during = await both()
      expect(during[0]).not.toEqual(before[0])
      expect(during[1]).not.toEqual(before[1])
      const asked = { capability: CAPABILITY, because: 'not in question here' }
      const closed = Object.entries(await gatesOf(present)).filter(([, state]) => state !== 'pass')
      const { version } = await present.admin.routes()
      const { leftovers } = await present.admin.retire({
        ...asked,
        ...{ expectedVersion: version, override: closed.map(([id]) => id) },
      })
      expect(await both()).toEqual(before)
      expect(leftovers).toEqual({ endpoints: ['GET /items', 'POST /items', 'PUT /items'], tables: ['item'] })
      expect(await present.owner()).toBe('service')
      const { capabilities } = await present.admin.diagnoseSync({ capability: CAPABILITY })
      expect(capabilities).toEqual([
        { capability: CAPABILITY, tables: ['item'], findings: [], isRetired: true },
      ])
      await expectRetired(present)
      expect(await both()).toEqual(before)
    },
    SLOW_MS,
  )
})

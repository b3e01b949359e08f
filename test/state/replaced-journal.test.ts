import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Stoppable } from '../../strangler/core/ports.ts'
import type { JournalEvent, RouteState } from '../../strangler/core/words.ts'
import { createJournalView } from '../../strangler/rollout/journal-view.ts'
import { ownerOf } from '../../strangler/routing/fold-cutover.ts'
import { type ControlDatabase, openControlDatabase } from '../../strangler/state/control-database.ts'
import { createControlLink } from '../../strangler/state/control-link.ts'
import { createJournalCursor, JournalReplaced } from '../../strangler/state/journal-cursor.ts'
import { createTableFeed, type TableFeed } from '../../strangler/state/table-feed.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const capability = 'items'
const SLOW_MS = 30_000
/** The monolith's tables go over to the service. */
const MOVED: readonly JournalEvent[] = [
  { kind: 'cutover.started', capability, cutoverId: 'c', to: 'service', expiresAt: 0 },
  { kind: 'owner.changed', capability, owner: 'service', epoch: 3, cutoverId: 'c' },
  { kind: 'hold.released', capability, holdId: 'c' },
]
const TOGGLED: readonly JournalEvent[] = [{ kind: 'route.cleared', endpoint: 'GET /a' }]
const OTHERS: readonly JournalEvent[] = Array.from({ length: 3 }, (_, at) => ({
  kind: 'route.cleared',
  endpoint: `GET /other-${at}`,
}))

let place: TestDatabase
let control: ControlDatabase
let admin: pg.Client
let directory: string
let feed: TableFeed
let started: Stoppable[]
let state: RouteState | undefined
let reports: unknown[]

beforeEach(async () => {
  place = await createTestDatabase('replaced')
  control = await openControlDatabase(place.url)
  admin = new pg.Client(place.url)
  await admin.connect()
  directory = await mkdtemp(join(tmpdir(), 'strangler-replaced-'))
  reports = []
  await append([{ kind: 'sync.started', capability, epoch: 1, backfill: true }])
  const report = (_operation: string, error: unknown) => reports.push(error)
  const link = createControlLink(() => openControlDatabase(place.url, { report }), report)
  feed = createTableFeed({
    ...{ link, directory, name: 'main', host: 'here', report },
    onState: (next) => {
      state = next
    },
    onConnection: () => undefined,
    acknowledged: () => [],
  })
  started = [feed, link]
  await feed.start()
}, SLOW_MS)
afterEach(async () => {
  for (const one of started) await one.stop()
  await control.stop()
  await admin.end()
  await place.drop()
  await rm(directory, { recursive: true, force: true })
}, SLOW_MS)

async function append(events: readonly JournalEvent[]): Promise<void> {
  for (const event of events) {
    const [newest] = await control.journal.history({ limit: 1 })
    await control.journal.append({ event, by: 'test', expectedVersion: newest?.version ?? 0 })
  }
}

/** What a copy that was behind, and was written to after the fail-over, has in their place; connections end as they do then. */
async function replaceLines(beyond: number, events: readonly JournalEvent[]): Promise<void> {
  await admin.query('BEGIN')
  // The journal lets nobody take lines away; a copy that was behind has never had them.
  await admin.query('SET LOCAL session_replication_role = replica')
  await admin.query('DELETE FROM strangler_control.journal WHERE version > $1', [beyond])
  for (const [at, event] of events.entries())
    await admin.query('INSERT INTO strangler_control.journal (version, by, event) VALUES ($1, $2, $3)', [
      beyond + at + 1,
      'elsewhere',
      JSON.stringify(event),
    ])
  await admin.query('COMMIT')
  await admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'strangler-watch'`,
  )
}

const untilVersion = (version: number) =>
  vi.waitFor(() => expect(state?.version).toBe(version), { timeout: 15_000 })
const replaced = () => reports.find((one) => (one as { code?: string }).code === 'STRANGLER_JOURNAL_REPLACED')

describe('a journal whose last lines were replaced while a proxy followed it', () => {
  it(
    'is read anew; where an ownership is lost the proxy serves no data until it is started anew, and says what to do',
    async () => {
      await append(MOVED)
      await untilVersion(4)
      expect(ownerOf(state!, capability)).toBe('service')
      expect(feed.isConfirmed()).toBe(true)
      await replaceLines(1, OTHERS)
      await vi.waitFor(() => expect(ownerOf(state!, capability)).toBe('monolith'), { timeout: 15_000 })
      expect(feed.isConfirmed()).toBe(false)
      expect(feed.doubt()).toContain('has lost decisions about who owns')
      expect(replaced()).toMatchObject({ fix: expect.stringContaining('start this proxy anew') })
      // It is followed from here on.
      await append(TOGGLED)
      await untilVersion(5)
      expect(feed.isConfirmed()).toBe(false)
    },
    SLOW_MS,
  )

  it(
    'is read anew and served by where both say the same of who owns what',
    async () => {
      await append(TOGGLED)
      await untilVersion(2)
      await replaceLines(1, OTHERS)
      await untilVersion(4)
      expect(feed.isConfirmed()).toBe(true)
      expect(feed.doubt()).toBeUndefined()
      expect(replaced()).toBeDefined()
    },
    SLOW_MS,
  )

  it(
    'is folded anew for whoever asks for the newest state',
    async () => {
      const readState = createJournalView(control.journal)
      await append(MOVED)
      expect(ownerOf(await readState(), capability)).toBe('service')
      await replaceLines(1, OTHERS)
      expect(ownerOf(await readState(), capability)).toBe('monolith')
    },
    SLOW_MS,
  )

  it(
    'goes unnoticed by a cursor that asks only for what comes after',
    async () => {
      await append(MOVED)
      const options = { afterVersion: 0, onEntries: () => undefined, report: () => undefined }
      const [cursor, broken] = [createJournalCursor(options), createJournalCursor(options)]
      const { read } = control.journal
      const readAfter: typeof read = async (after, limit) =>
        (await read(after, limit)).filter(({ version }) => after === 0 || version > after + 1)
      await cursor.catchUp((after, limit) => read(after, limit))
      await broken.catchUp((after, limit) => readAfter(after, limit))
      await replaceLines(1, OTHERS)
      await broken.catchUp((after, limit) => readAfter(after, limit))
      await expect(cursor.catchUp((after, limit) => read(after, limit))).rejects.toBeInstanceOf(
        JournalReplaced,
      )
    },
    SLOW_MS,
  )
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Journal, Registrations } from '../../strangler/core/ports.ts'
import type { JournalEntry, RouteState } from '../../strangler/core/words.ts'
import type { ControlDatabase } from '../../strangler/state/control-database.ts'
import { createControlLink } from '../../strangler/state/control-link.ts'
import { readLastGood } from '../../strangler/state/last-good-table.ts'
import { createTableFeed } from '../../strangler/state/table-feed.ts'
import { waitUntil } from '../conformance/tools/wait-until.ts'
import { toEntry } from '../support/tables.ts'
import { setRoute } from './proxy-stand.ts'

const entries = (count: number): JournalEntry[] =>
  Array.from({ length: count }, (_, at) => toEntry(setRoute('GET /a', 'service'), at))

let directory: string
let stops: (() => Promise<void>)[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'strangler-feed-'))
  stops = []
})
afterEach(async () => {
  for (const stop of stops) await stop()
  await rm(directory, { recursive: true, force: true })
})

/** A control database in memory, whose every call a test may replace. */
class FakeDatabase {
  journal: JournalEntry[] = []
  rows = new Map<string, { tableVersion: number; holdsAcknowledged: readonly string[] }>()
  ids = 0
  onEntries: ((entries: JournalEntry[]) => void) | undefined
  calls: string[] = []
  before: (call: string) => Promise<void> | void = () => undefined

  async called(call: string): Promise<void> {
    this.calls.push(call)
    await this.before(call)
  }

  append(count: number): void {
    const more = entries(this.journal.length + count).slice(this.journal.length)
    this.journal.push(...more)
    this.onEntries?.(more)
  }

  database(): ControlDatabase {
    const registrations: Partial<Registrations> = {
      register: async ({ id = `proxy-${++this.ids}`, host, pid }) => {
        await this.called('register')
        this.rows.set(id, { tableVersion: 0, holdsAcknowledged: [] })
        return {
          id,
          kind: 'proxy',
          host,
          pid,
          startedAt: '',
          seenAt: '',
          tableVersion: 0,
          holdsAcknowledged: [],
        }
      },
      report: async (id, progress) => {
        await this.called('report')
        if (!this.rows.has(id)) return false
        this.rows.set(id, progress)
        return true
      },
      remove: async (id) => {
        await this.called('remove')
        this.rows.delete(id)
      },
    }
    const journal: Partial<Journal> = {
      read: async (after, limit = 1_000) => {
        await this.called('read')
        return this.journal.filter(({ version }) => version > after).slice(0, limit)
      },
      watch: async ({ onEntries }) => {
        await this.called('watch')
        this.onEntries = onEntries
        return { stop: async () => undefined }
      },
    }
    return {
      journal,
      registrations,
      ping: async () => undefined,
      stop: async () => undefined,
    } as ControlDatabase
  }
}

function startFeed(fake: FakeDatabase, { reachable = true, acknowledged = [] as string[] } = {}) {
  const states: RouteState[] = []
  const reports: string[] = []
  const open = async () => {
    if (!reachable) throw new Error('not reachable')
    return fake.database()
  }
  const link = createControlLink(open, (operation) => reports.push(operation))
  const feed = createTableFeed({
    ...{ link, directory, name: 'main', host: 'here' },
    onState: (state) => states.push(state),
    onConnection: () => undefined,
    acknowledged: () => acknowledged,
    report: (operation) => reports.push(operation),
  })
  stops.push(async () => {
    await feed.stop()
    await link.stop()
  })
  return { feed, states, reports, row: () => [...fake.rows.values()][0] }
}

describe('a proxy that starts', () => {
  it('registers first and reads the journal then, however long it is', async () => {
    const fake = new FakeDatabase()
    fake.append(2_500)
    const { feed } = startFeed(fake)
    expect((await feed.start()).version).toBe(2_500)
    expect(fake.calls.slice(0, 4)).toEqual(['register', 'read', 'read', 'read'])
    expect(feed.isConfirmed()).toBe(true)
  })

  it('starts from what it has when the database goes again in the middle, and follows later', async () => {
    const fake = new FakeDatabase()
    fake.append(3)
    fake.before = (call) => {
      if (call === 'read') throw new Error('gone again')
    }
    const { feed, reports, states } = startFeed(fake)
    expect((await feed.start()).version).toBe(0)
    expect([feed.isConfirmed(), reports]).toEqual([false, ['follow the journal']])
    fake.before = () => undefined
    await waitUntil(() => feed.isConfirmed(), 'the journal is followed')
    expect(states.at(-1)?.version).toBe(3)
    expect(fake.rows.size).toBe(1)
  })

  it('is confirmed without a database only by a copy that names its registration', async () => {
    const fake = new FakeDatabase()
    fake.append(3)
    const first = startFeed(fake)
    await first.feed.start()
    // As after a crash: nothing was stopped.
    const restarted = startFeed(fake, { reachable: false })
    expect([(await restarted.feed.start()).version, restarted.feed.isConfirmed()]).toEqual([3, true])
    await first.feed.stop()
    expect(fake.rows.size).toBe(0)
    const afterStop = startFeed(fake, { reachable: false })
    expect([(await afterStop.feed.start()).version, afterStop.feed.isConfirmed()]).toEqual([3, false])
  })
})

describe('what a proxy tells of itself', () => {
  it('is on disk before: nobody relies on a table that a crash would take back', async () => {
    const fake = new FakeDatabase()
    const { feed, row } = startFeed(fake, { acknowledged: ['h'] })
    await feed.start()
    const versions: unknown[] = []
    fake.before = async (call) => {
      if (call === 'report') versions.push((await readLastGood(directory, { name: 'main' }))?.state.version)
    }
    for (let count = 1; count <= 20; count++) fake.append(1)
    await waitUntil(() => row()?.tableVersion === 20, 'version 20 is told')
    expect(versions.at(-1)).toBe(20)
    expect(row()?.holdsAcknowledged).toEqual(['h'])
  })

  it('stays at the last version that could be kept, and no hold is acknowledged from there', async () => {
    const fake = new FakeDatabase()
    const { feed, row, reports } = startFeed(fake, { acknowledged: ['h'] })
    await feed.start()
    await waitUntil(() => row()?.holdsAcknowledged.length === 1, 'the first report')
    await rm(directory, { recursive: true })
    // A file where the directory was: nothing can be written there, by root either.
    await writeFile(directory, '')
    fake.append(1)
    await waitUntil(() => row()?.holdsAcknowledged.length === 0, 'the second report')
    expect(row()?.tableVersion).toBe(0)
    expect(reports).toContain('keep the table on disk')
  })

  it('does not queue up while the database hangs', async () => {
    const fake = new FakeDatabase()
    const { feed, row } = startFeed(fake)
    await feed.start()
    await waitUntil(() => row() !== undefined && fake.calls.includes('report'), 'the first report')
    const hanging = Promise.withResolvers<void>()
    fake.before = (call) => (call === 'report' ? hanging.promise : undefined)
    fake.calls.length = 0
    for (let count = 0; count < 100; count++) fake.append(1)
    await waitUntil(() => fake.calls.includes('report'), 'a report is under way')
    hanging.resolve()
    await waitUntil(() => row()?.tableVersion === 100, 'version 100 is told')
    expect(fake.calls.filter((call) => call === 'report').length).toBeLessThanOrEqual(2)
  })

  it('makes a new registration when its own was taken away, and looks what it missed', async () => {
    const fake = new FakeDatabase()
    const { feed, states } = startFeed(fake)
    await feed.start()
    await waitUntil(() => fake.calls.includes('report'), 'the first report')
    const [evicted = ''] = fake.rows.keys()
    fake.rows.clear()
    fake.onEntries = undefined
    fake.append(2)
    feed.tellProgress()
    await waitUntil(() => [...fake.rows.values()][0]?.tableVersion === 2, 'it is registered again')
    expect([...fake.rows.keys()]).not.toContain(evicted)
    expect(states.at(-1)?.version).toBe(2)
    expect((await readLastGood(directory, { name: 'main' }))?.registration).toBe([...fake.rows.keys()][0])
  })
})

import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StranglerError } from '../../strangler/core/errors.ts'
import type { Journal, JournalAppend } from '../../strangler/core/ports.ts'
import type { JournalEntry, JournalEvent } from '../../strangler/core/words.ts'
import { type ControlDatabase, openControlDatabase } from '../../strangler/state/control-database.ts'
import { createTestDatabase } from '../support/postgres.ts'

const cleared: JournalEvent = { kind: 'route.cleared', endpoint: 'GET /api/inventory/:sku' }

let database: Awaited<ReturnType<typeof createTestDatabase>>
let controls: ControlDatabase[]

beforeAll(async () => {
  database = await createTestDatabase('journal')
  controls = await Promise.all(Array.from({ length: 4 }, () => openControlDatabase(database.url)))
})

afterAll(async () => {
  await Promise.all(controls.map((control) => control.stop()))
  await database.drop()
})

describe('the journal', () => {
  it('numbers its entries 1, 2, 3 and gives back what was appended', async () => {
    const { journal } = controls[0]!
    const event: JournalEvent = {
      kind: 'route.set',
      endpoint: 'GET /api/inventory/:sku',
      setting: { mode: 'canary', percent: 12.25 },
    }
    const entry = await journal.append({ event, by: 'operator:anna', because: 'a try', expectedVersion: 0 })
    expect(entry).toEqual({ version: 1, at: entry.at, by: 'operator:anna', because: 'a try', event })
    expect(entry.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(await journal.read(0)).toEqual([entry])
    const second = await journal.append({ event: cleared, by: 'operator', expectedVersion: 1 })
    expect(second).not.toHaveProperty('because')
    expect(await journal.history({ limit: 1 })).toEqual([second])
    expect(await journal.history({ limit: 5, beforeVersion: 2 })).toEqual([entry])
    expect(await journal.read(1, 1)).toEqual([second])
  })

  it('refuses an author who has not seen the newest entry, and tells what changed', async () => {
    const { journal } = controls[0]!
    const known = (await journal.history({ limit: 1 }))[0]!.version
    const newer = await journal.append({ event: cleared, by: 'operator:berta', expectedVersion: known })
    const refused = await journal
      .append({ event: cleared, by: 'operator:anna', expectedVersion: known })
      .catch((error) => error)
    expect(refused).toBeInstanceOf(StranglerError)
    expect(refused.code).toBe('STRANGLER_VERSION_CONFLICT')
    expect(refused.details).toEqual({
      expectedVersion: known,
      currentVersion: newer.version,
      entries: [newer],
    })
    expect(refused.message).toContain('operator:berta')
  })

  it('refuses an author who expects a version that does not exist yet: the numbers have no gaps', async () => {
    const { journal } = controls[0]!
    const known = (await journal.history({ limit: 1 }))[0]!.version
    const refused = await journal
      .append({ event: cleared, by: 'operator', expectedVersion: known + 5 })
      .catch((error) => error)
    expect(refused.code).toBe('STRANGLER_VERSION_CONFLICT')
    expect(refused.details).toEqual({ expectedVersion: known + 5, currentVersion: known, entries: [] })
  })

  it('lets exactly one of many concurrent authors win each version, without gaps', async () => {
    const before = (await controls[0]!.journal.history({ limit: 1 }))[0]!.version
    const journals = Array.from({ length: 16 }, (_, author) => controls[author % controls.length]!.journal)
    const problems = await raceForVersions(journals, before, 25)
    expect(problems).toEqual([])
  })

  it('is watched by a race that catches a journal which checks first and writes later', async () => {
    const broken = createCheckThenWriteJournal()
    const problems = await raceForVersions(Array(16).fill(broken), 0, 25)
    expect(problems).not.toEqual([])
  })

  it.each([
    "UPDATE strangler_control.journal SET by = 'nobody' WHERE version = 1",
    'DELETE FROM strangler_control.journal WHERE version = 1',
    'TRUNCATE strangler_control.journal',
  ])('is append-only in the database itself: %s', async (statement) => {
    const before = await controls[0]!.journal.read(0)
    const client = new Client(database.url)
    await client.connect()
    try {
      await expect(client.query(statement)).rejects.toThrow('append-only')
    } finally {
      await client.end()
    }
    expect(await controls[0]!.journal.read(0)).toEqual(before)
  })
})

/** Every author tries every version until all are taken; says what is wrong with the result. */
async function raceForVersions(
  journals: readonly Journal[],
  before: number,
  count: number,
): Promise<string[]> {
  const wins = new Map<number, number>()
  const race = async (journal: Journal, author: number) => {
    for (let expectedVersion = before; expectedVersion < before + count; expectedVersion++) {
      const entry = await appendOrLose(journal, { event: cleared, by: `author:${author}`, expectedVersion })
      if (entry !== undefined) wins.set(entry.version, (wins.get(entry.version) ?? 0) + 1)
    }
  }
  await Promise.all(journals.map(race))
  const problems: string[] = []
  for (let version = before + 1; version <= before + count; version++) {
    if (wins.get(version) !== 1) problems.push(`version ${version} was won ${wins.get(version) ?? 0} times`)
  }
  const versions = (await journals[0]!.read(before)).map((entry) => entry.version)
  if (versions.join() !== Array.from({ length: count }, (_, index) => before + index + 1).join()) {
    problems.push(`the journal holds ${versions.join()}`)
  }
  return problems
}

async function appendOrLose(journal: Journal, entry: JournalAppend): Promise<JournalEntry | undefined> {
  try {
    return await journal.append(entry)
  } catch (error) {
    if (error instanceof StranglerError && error.code === 'STRANGLER_VERSION_CONFLICT') return undefined
    throw error
  }
}

/** The mistake that the conditional append avoids. */
function createCheckThenWriteJournal(): Journal {
  const entries: JournalEntry[] = []
  return {
    async append({ expectedVersion, ...rest }) {
      const current = entries.length
      await new Promise((resolve) => setImmediate(resolve))
      if (current !== expectedVersion) throw new StranglerError('STRANGLER_VERSION_CONFLICT', 'moved on')
      const entry = { version: expectedVersion + 1, at: new Date(0).toISOString(), ...rest }
      entries.push(entry)
      return entry
    },
    read: async (afterVersion) => entries.filter((entry) => entry.version > afterVersion),
    history: async () => [],
    watch: async () => ({ stop: async () => undefined }),
  }
}

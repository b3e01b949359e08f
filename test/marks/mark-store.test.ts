import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MarkedWrite, MarkStore } from '../../strangler/core/data-position.ts'
import { type ControlDatabase, openControlDatabase } from '../../strangler/state/control-database.ts'
import { createRedisMarks } from '../../strangler/sync/redis-marks.ts'
import { requireProgram } from '../support/optional.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { until } from './marks-stand.ts'
import { startTestRedis, type TestRedis } from './test-redis.ts'

const KEEP_MS = 400
const redisProgram = await requireProgram('redis')

/** A store, and how all that it has is lost. */
interface Subject {
  open(longestKeepMs: number): MarkStore
  lose(): Promise<void>
  stop(): Promise<void>
}

async function startRedisSubject(): Promise<Subject> {
  const redis: TestRedis = await startTestRedis(redisProgram?.path ?? '')
  const opened: { stop(): Promise<void> }[] = []
  return {
    open(longestKeepMs) {
      const marks = createRedisMarks(redis.url, { longestKeepMs, report: () => undefined })
      opened.push(marks)
      return marks
    },
    lose: async () => void (await redis.ask('FLUSHALL')),
    async stop() {
      await Promise.all(opened.map((marks) => marks.stop()))
      await redis.stop()
    },
  }
}

async function startDatabaseSubject(): Promise<Subject> {
  const database: TestDatabase = await createTestDatabase('marks')
  const control: ControlDatabase = await openControlDatabase(database.url)
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  return {
    open: (longestKeepMs) => control.createMarks(longestKeepMs),
    // What a crash does to an unlogged table.
    lose: async () => void (await client.query('TRUNCATE strangler_control.write_marks')),
    async stop() {
      await client.end()
      await control.stop()
      await database.drop()
    },
  }
}

const SUBJECTS = [
  ...(redisProgram === undefined ? [] : [['Redis', startRedisSubject] as const]),
  ['the control database', startDatabaseSubject] as const,
]

describe.each(SUBJECTS)('the marks in %s', (_, start) => {
  let subject: Subject
  let marks: MarkStore

  beforeAll(async () => {
    subject = await start()
    marks = subject.open(KEEP_MS)
    await untilOld()
  })
  afterAll(() => subject.stop())

  const untilOld = () =>
    until(async () => (await marks.latest('nobody').catch(() => Number.POSITIVE_INFINITY)) === undefined)
  const writeOf = (client: string, keepMs = 60_000): MarkedWrite => ({
    ...{ client, id: randomUUID(), keepMs },
    longestMs: 60_000,
  })

  it('hold a client while a write is open, then until its time; nobody else', async () => {
    const write = writeOf('ann')
    await marks.open(write)
    expect(await marks.latest('ann')).toBe(Number.POSITIVE_INFINITY)
    expect(await marks.latest('bob')).toBeUndefined()
    await marks.close(write, 1_764_000_000_123.5)
    expect(await marks.latest('ann')).toBe(1_764_000_000_123.5)
  })

  it('hold until the last of several writes, in whatever order they end', async () => {
    const [one, two, three] = [writeOf('cyd'), writeOf('cyd'), writeOf('cyd')]
    for (const write of [one, two, three]) await marks.open(write)
    await marks.close(two, 200)
    expect(await marks.latest('cyd')).toBe(Number.POSITIVE_INFINITY)
    await marks.close(three, 300)
    await marks.close(one, 100)
    expect(await marks.latest('cyd')).toBe(300)
    await marks.open(one)
    await marks.close(one, Number.POSITIVE_INFINITY)
    expect(await marks.latest('cyd')).toBe(Number.POSITIVE_INFINITY)
  })

  it('go by themselves, and not before', async () => {
    const write = writeOf('dan', 1_500)
    await marks.open(write)
    await marks.close(write, 5)
    expect(await marks.latest('dan')).toBe(5)
    await until(async () => (await marks.latest('dan')) === undefined)
  })

  it('hold everybody for as long as a mark may have been lost with the data', async () => {
    await marks.open(writeOf('eve'))
    await subject.lose()
    expect(await marks.latest('eve')).toBe(Number.POSITIVE_INFINITY)
    expect(await marks.latest('bob')).toBe(Number.POSITIVE_INFINITY)
    await untilOld()
    expect(await marks.latest('bob')).toBeUndefined()
  })

  it('hold everybody in a store that is younger than what it may have to remember', async () => {
    const patient = subject.open(3_600_000)
    await until(async () => (await patient.latest('bob').catch(() => undefined)) === Number.POSITIVE_INFINITY)
  })
})

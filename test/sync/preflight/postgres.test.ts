import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, openPool, type TestDatabase } from '../../support/postgres.ts'
import { diagnoseTables } from './diagnose-tables.ts'
import { CASES } from './postgres-cases.ts'

let databases: TestDatabase[]
let urls: { monolith: string; service: string }
let monolith: pg.Pool
let service: pg.Pool

beforeAll(async () => {
  databases = await Promise.all([createTestDatabase('doctor_monolith'), createTestDatabase('doctor_service')])
  urls = { monolith: databases[0]?.url ?? '', service: databases[1]?.url ?? '' }
  monolith = openPool(urls.monolith)
  service = openPool(urls.service)
})
afterAll(async () => {
  await Promise.all([monolith.end(), service.end()])
  await Promise.all(databases.map((database) => database.drop()))
})

describe('the pre-flight between two PostgreSQLs', () => {
  const role = `doctor_${randomBytes(4).toString('hex')}`
  beforeAll(async () => {
    await monolith.query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT CREATE ON DATABASE ${new URL(urls.monolith).pathname.slice(1)} TO ${role}`,
    )
  })
  afterAll(async () => {
    await monolith.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })
  const asRole = () => {
    const url = new URL(urls.monolith)
    url.username = role
    url.password = 'x'
    return url.href
  }

  it('finds nothing where nothing is wrong', async () => {
    for (const pool of [monolith, service])
      await pool.query('CREATE TABLE fine (id serial PRIMARY KEY, n int UNIQUE)')
    expect(await diagnoseTables(urls, ['fine'])).toEqual([])
  })

  it.each(CASES)('finds $it', async ({ both, tables, code, found, ...own }) => {
    if (both !== undefined) for (const pool of [monolith, service]) await pool.query(both)
    if (own.monolith !== undefined) await monolith.query(own.monolith.replaceAll('$ROLE', role))
    if (own.service !== undefined) await service.query(own.service)
    const isForRole = own.monolith?.includes('$ROLE') === true
    const findings = await diagnoseTables(isForRole ? { ...urls, monolith: asRole() } : urls, tables)
    const { reason, mend, ...place } = found
    expect(findings).toContainEqual(
      expect.objectContaining({
        ...place,
        code,
        reason: expect.stringMatching(reason),
        mend: expect.stringMatching(mend ?? /./),
      }),
    )
  })

  it('names a foreign key once, also one that cascades over the border', async () => {
    await monolith.query(`CREATE TABLE above (id int PRIMARY KEY);
      CREATE TABLE once (id int PRIMARY KEY, above int REFERENCES above ON DELETE CASCADE);
      CREATE TABLE below (id int PRIMARY KEY, once int REFERENCES once ON DELETE CASCADE)`)
    await service.query('CREATE TABLE once (id int PRIMARY KEY, above int)')
    const findings = await diagnoseTables(urls, ['once'])
    const naming = (key: string) =>
      findings.filter(({ reason }) => reason.includes(key)).map(({ code }) => code)
    expect(naming('once_above_fkey')).toEqual(['CASCADE_FROM_OUTSIDE'])
    expect(naming('below_once_fkey')).toEqual(['CASCADE_TO_OUTSIDE'])
  })

  it('says who owns a table that the kit’s user may not put triggers on, and which database takes no schema of it', async () => {
    const stranger = new URL(urls.service)
    stranger.username = role
    stranger.password = 'x'
    await service.query('CREATE TABLE IF NOT EXISTS fine (id serial PRIMARY KEY, n int UNIQUE)')
    const findings = await diagnoseTables({ ...urls, service: stranger.href }, ['fine'])
    const lacking = findings.filter(({ code }) => code === 'PRIVILEGE_MISSING')
    expect(lacking.map(({ side, mend }) => `${side}: ${mend}`)).toEqual([
      expect.stringMatching(/^shop: GRANT CREATE ON DATABASE doctor_service_\w+ TO doctor_\w+\.$/),
      expect.stringMatching(/^shop: GRANT postgres TO doctor_\w+\.$/),
      expect.stringMatching(/^shop: GRANT SELECT, INSERT, UPDATE, DELETE ON public\.fine TO doctor_\w+\.$/),
    ])
  })

  it('takes a database that does not answer for a finding, without its password', async () => {
    const away = 'postgres://kit:very-secret@127.0.0.1:1/shop'
    const [finding] = await diagnoseTables({ ...urls, service: away }, ['fine'])
    expect(finding).toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      severity: 'blocks',
      reason: expect.stringContaining('127.0.0.1:1'),
    })
    expect(JSON.stringify(finding)).not.toContain('very-secret')
  })

  it('refuses one database for both sides', async () => {
    const findings = await diagnoseTables({ ...urls, service: urls.monolith }, ['fine'])
    expect(findings.map(({ code }) => code)).toContain('DATABASE_SHARED')
  })
})

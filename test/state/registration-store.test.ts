import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlDatabase, openControlDatabase } from '../../strangler/state/control-database.ts'
import { createTestDatabase } from '../support/postgres.ts'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let control: ControlDatabase

beforeAll(async () => {
  database = await createTestDatabase('registrations')
  control = await openControlDatabase(database.url)
})

afterAll(async () => {
  await control.stop()
  await database.drop()
})

describe('the registration of a proxy', () => {
  it('begins without a table and without acknowledged holds', async () => {
    const made = await control.registrations.register({ host: 'a', pid: 1 })
    expect(made).toMatchObject({ host: 'a', pid: 1, tableVersion: 0, holdsAcknowledged: [] })
    expect(made.startedAt).toMatch(/Z$/)
    expect(await control.registrations.list()).toContainEqual(made)
  })

  it('says how far the proxy has come', async () => {
    const { id } = await control.registrations.register({ host: 'b', pid: 2 })
    expect(await control.registrations.report(id, { tableVersion: 7, holdsAcknowledged: ['h1'] })).toBe(true)
    expect(await find(id)).toMatchObject({ tableVersion: 7, holdsAcknowledged: ['h1'] })
  })

  it('is taken over by the proxy that comes back after a crash, whose acknowledgements are void', async () => {
    const { id } = await control.registrations.register({ host: 'c', pid: 3 })
    await control.registrations.report(id, { tableVersion: 7, holdsAcknowledged: ['h1'] })
    const again = await control.registrations.register({ id, host: 'c', pid: 33 })
    expect(again).toMatchObject({ id, pid: 33, tableVersion: 0, holdsAcknowledged: [] })
    expect((await control.registrations.list()).filter((row) => row.id === id)).toHaveLength(1)
  })

  it('stays until it is removed; then reporting says that it is gone, and does not bring it back', async () => {
    const { id } = await control.registrations.register({ host: 'd', pid: 4 })
    const other = await openControlDatabase(database.url)
    await other.stop()
    expect(await find(id)).toBeDefined()
    await control.registrations.remove(id)
    await control.registrations.remove(id)
    expect(await control.registrations.report(id, { tableVersion: 1, holdsAcknowledged: [] })).toBe(false)
    expect(await find(id)).toBeUndefined()
  })
})

describe('the clock of the registrations', () => {
  it('is the one that dates them', async () => {
    const before = await control.registrations.now()
    const { id } = await control.registrations.register({ host: 'e', pid: 5 })
    const { seenAt = '' } = (await find(id)) ?? {}
    const after = await control.registrations.now()
    expect(Date.parse(seenAt)).toBeGreaterThanOrEqual(before - 1)
    expect(Date.parse(seenAt)).toBeLessThanOrEqual(after + 1)
  })
})

async function find(id: string) {
  return (await control.registrations.list()).find((row) => row.id === id)
}

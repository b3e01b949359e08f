import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { JournalEvent } from '../../strangler/core/words.ts'
import { startEmbeddedPostgres } from '../../strangler/infra/embedded-postgres.ts'
import { openControlDatabase } from '../../strangler/state/control-database.ts'
import { createTestDatabase, openClient } from '../support/postgres.ts'
import { createInbox } from './inbox.ts'

const cleared: JournalEvent = { kind: 'route.cleared', endpoint: 'GET /x' }

describe('the control database', () => {
  it('is brought up to date once when many processes open it at the same moment', async () => {
    const database = await createTestDatabase('opening')
    const opened = await Promise.all(Array.from({ length: 8 }, () => openControlDatabase(database.url)))
    await opened[0]!.journal.append({ event: cleared, by: 'test', expectedVersion: 0 })
    expect(await opened[7]!.journal.read(0)).toHaveLength(1)
    await Promise.all(opened.map((control) => control.stop()))
    const later = await openControlDatabase(database.url)
    expect(await later.journal.read(0)).toHaveLength(1)
    await later.stop()
    await database.drop()
  })

  it('names its installation by an id that it keeps, and that no other has', async () => {
    const [ours, theirs] = [await createTestDatabase('installed'), await createTestDatabase('installed')]
    const idOf = async (url: string) => {
      const control = await openControlDatabase(url)
      const id = await control.readInstallation()
      await control.stop()
      return id
    }
    const ids = await Promise.all([idOf(ours.url), idOf(ours.url), idOf(theirs.url)])
    expect(ids[0]).toMatch(/^[0-9a-f]{12}$/)
    expect(ids[1]).toBe(ids[0])
    expect(ids[2]).not.toBe(ids[0])
    expect(await idOf(ours.url)).toBe(ids[0])
    await Promise.all([ours.drop(), theirs.drop()])
  })

  it('can be stopped twice', async () => {
    const database = await createTestDatabase('stopping')
    const control = await openControlDatabase(database.url)
    await Promise.all([control.stop(), control.stop()])
    await control.stop()
    await expect(control.ping()).rejects.toMatchObject({ code: 'STRANGLER_CONTROL_DATABASE_UNREACHABLE' })
    await database.drop()
  })

  it('that does not answer is named by its address, without the password', async () => {
    const port = await closedPort()
    const error = await openControlDatabase(`postgres://kit:s3cret@127.0.0.1:${port}/control`).catch(
      (thrown) => thrown,
    )
    expect(error.code).toBe('STRANGLER_CONTROL_DATABASE_UNREACHABLE')
    expect(error.message).toContain(`127.0.0.1:${port}/control`)
    expect(`${error.message}${error.fix}`).not.toContain('s3cret')
  })

  it('that takes no writes, as a standby does after a failover, is said to do so, and is used again when it does', async () => {
    const database = await createTestDatabase('read_only')
    const [control, client] = [await openControlDatabase(database.url), await openClient(database.url)]
    const name = new URL(database.url).pathname.slice(1)
    const turn = async (readOnly: boolean) => {
      await client.query('SET transaction_read_only = off')
      await client.query('SET default_transaction_read_only = off')
      await client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = ${readOnly}`)
      await client.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      )
    }
    const append = () => control.journal.append({ event: cleared, by: 'test', expectedVersion: 0 })
    await turn(true)
    await vi.waitFor(
      () =>
        expect(append()).rejects.toMatchObject({
          code: 'STRANGLER_CONTROL_DATABASE_UNREACHABLE',
          message: expect.stringContaining('read-only transaction'),
          fix: expect.stringContaining('the primary'),
        }),
      20_000,
    )
    await turn(false)
    await vi.waitFor(append, 20_000)
    await control.stop()
    await client.end()
    await database.drop()
  }, 60_000)

  it('may stop and come back: calls fail with a code meanwhile, watchers miss nothing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'strangler-control-'))
    let server = await startEmbeddedPostgres({ directory })
    const control = await openControlDatabase(server.url)
    const inbox = createInbox()
    const connection = createSignal()
    await control.journal.watch({
      afterVersion: 0,
      onEntries: inbox.receive,
      onConnection: connection.tell,
    })
    await control.journal.append({ event: cleared, by: 'before', expectedVersion: 0 })

    await server.stop()
    await connection.until(false)
    const failed = control.journal.append({ event: cleared, by: 'meanwhile', expectedVersion: 1 })
    await expect(failed).rejects.toMatchObject({ code: 'STRANGLER_CONTROL_DATABASE_UNREACHABLE' })
    await expect(control.ping()).rejects.toMatchObject({ code: 'STRANGLER_CONTROL_DATABASE_UNREACHABLE' })

    server = await startEmbeddedPostgres({ directory, port: server.port })
    await control.journal.append({ event: cleared, by: 'after', expectedVersion: 1 })
    await inbox.until((versions) => versions.length === 2)
    await connection.until(true)
    expect(inbox.entries.map(({ by }) => by)).toEqual(['before', 'after'])

    await control.stop()
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  }, 60_000)
})

/** Waits for a value that a callback tells. */
function createSignal() {
  let last: boolean | undefined
  let onTell: () => void = () => undefined
  return {
    tell(value: boolean) {
      last = value
      onTell()
    },
    until(value: boolean): Promise<void> {
      return new Promise((resolve) => {
        onTell = () => last === value && resolve()
        onTell()
      })
    },
  }
}

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

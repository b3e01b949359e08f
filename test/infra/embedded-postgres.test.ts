import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import {
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../../strangler/infra/embedded-postgres.ts'
import { removePostgresDirectory } from '../../strangler/infra/postgres-directory.ts'
import { query } from './query.ts'

const isRoot = process.getuid?.() === 0
const directories: string[] = []

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'strangler-pg-'))
  directories.push(directory)
  return directory
}

const start = (options: EmbeddedPostgresOptions) => startEmbeddedPostgres({ fsync: false, ...options })

afterAll(async () => {
  for (const directory of directories) await removePostgresDirectory(directory)
})

test('data and password outlive a stop, and a port that is taken is replaced', async () => {
  const directory = await makeDirectory()
  const first = await start({ directory })
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await first.stop()
  expect(await first.exited).toEqual({ code: 0, signal: null })

  const squatter = createServer().listen(first.port, '127.0.0.1')
  await once(squatter, 'listening')
  const second = await start({ directory, port: first.port })
  try {
    expect(second.port).not.toBe(first.port)
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  } finally {
    await second.stop()
    squatter.close()
  }
})

test('a directory that cannot be used is named in a sentence', async () => {
  const directory = await makeDirectory()
  await writeFile(join(directory, 'file'), '')
  await expect(start({ directory: join(directory, 'file') })).rejects.toMatchObject({
    code: 'STRANGLER_POSTGRES_START_FAILED',
    message: expect.stringMatching(/file cannot be used \(E\w+\)/),
  })
})

test('stop may be called twice, at once and again later', async () => {
  const server = await start({ directory: await makeDirectory() })
  await Promise.all([server.stop(), server.stop()])
  await server.stop()
  await expect(query(server.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/)
})

test('only 127.0.0.1 is listened on, only the password lets in, and only we can read it', async () => {
  const directory = await makeDirectory()
  const server = await start({ directory })
  try {
    expect(await query(server.url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
    expect(await query(server.url, 'SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }])
    const guessed = new URL(server.url)
    guessed.password = 'postgres'
    await expect(query(guessed.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/)
    expect((await stat(join(directory, 'password'))).mode & 0o777).toBe(0o600)
  } finally {
    await server.stop()
  }
})

test('writes are flushed to disk unless the caller gives that up', async () => {
  const directory = await makeDirectory()
  const fast = await start({ directory })
  expect(await query(fast.url, 'SHOW fsync')).toEqual([{ fsync: 'off' }])
  await fast.stop()
  const safe = await startEmbeddedPostgres({ directory })
  expect(await query(safe.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }])
  await safe.stop()
})

test('text sorts the same on every machine, and 200 clients may connect', async () => {
  const server = await start({ directory: await makeDirectory() })
  try {
    const rows = await query(server.url, "SELECT x FROM (VALUES ('b'), ('B'), ('a'), ('é')) v(x) ORDER BY x")
    expect(rows.map((row) => row['x'])).toEqual(['B', 'a', 'b', 'é'])
    expect(await query(server.url, 'SHOW max_connections')).toEqual([{ max_connections: '200' }])
  } finally {
    await server.stop()
  }
})

test('a directory whose server runs is refused by name, and the running server is not harmed', async () => {
  const directory = await makeDirectory()
  const server = await start({ directory })
  await expect(start({ directory })).rejects.toMatchObject({
    code: 'STRANGLER_POSTGRES_START_FAILED',
    message: expect.stringContaining(`run by process ${process.pid}`),
  })
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  await server.stop()
  await (await start({ directory })).stop()
})

test('a server that does not start ends in an error with its last words, and the directory can be used again', async () => {
  const directory = await makeDirectory()
  const failing = start({ directory, flags: ['-c', 'no_such_setting=1'] })
  await expect(failing).rejects.toMatchObject({
    code: 'STRANGLER_POSTGRES_START_FAILED',
    message: expect.stringContaining('unrecognized configuration parameter "no_such_setting"'),
  })
  await (await start({ directory })).stop()
})

test('a first start that was cut short is begun anew', async () => {
  const directory = await makeDirectory()
  await mkdir(join(directory, 'data.new'))
  await writeFile(join(directory, 'data.new', 'PG_VERSION'), '18\n')
  const server = await start({ directory })
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  await server.stop()
})

test('data of another major version is refused untouched', async () => {
  const directory = await makeDirectory()
  await mkdir(join(directory, 'data'))
  await writeFile(join(directory, 'data', 'PG_VERSION'), '13\n')
  await expect(start({ directory })).rejects.toMatchObject({
    message: expect.stringMatching(/made by PostgreSQL 13, and the installed one is 18/),
  })
  expect(await readFile(join(directory, 'data', 'PG_VERSION'), 'utf8')).toBe('13\n')
})

test.skipIf(!isRoot)(
  'as root beneath a folder of 0700 the data goes elsewhere, stays, and is found again',
  async () => {
    const closed = await makeDirectory()
    const directory = join(closed, 'kit', 'postgres')
    const first = await start({ directory })
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
    await first.stop()
    const location = JSON.parse(await readFile(join(directory, 'location.json'), 'utf8')) as { data: string }
    expect(location.data.startsWith(closed)).toBe(false)

    const second = await start({ directory })
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
    await second.stop()
    await rm(dirname(location.data), { recursive: true })
    await expect(start({ directory })).rejects.toMatchObject({
      message: expect.stringContaining(`was kept in ${location.data}`),
    })
    // Deleting the directory by hand is how one begins anew.
    await rm(directory, { recursive: true })
    await (await start({ directory })).stop()
    // Forgotten data of a temporary directory goes with the next start of another one.
    await rm(directory, { recursive: true })
    expect((await stat(dirname(location.data))).isDirectory()).toBe(true)
    const other = join(closed, 'other')
    await (await start({ directory: other })).stop()
    await removePostgresDirectory(other)
    await expect(stat(dirname(location.data))).rejects.toThrow(/ENOENT/)
  },
)

test('a client that is connected sees the server go, and does not keep it from stopping', async () => {
  const server = await start({ directory: await makeDirectory() })
  const client = new pg.Client({ connectionString: server.url })
  const lost = new Promise<Error>((resolve) => client.on('error', resolve))
  await client.connect()
  await server.stop()
  expect((await lost).message).toMatch(/terminat/)
})

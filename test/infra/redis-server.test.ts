import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findRedis } from '../../strangler/infra/redis-server.ts'
import { requireProgram } from '../support/optional.ts'

const redis = await requireProgram('redis')
let directory = ''

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'strangler-redis-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

test('STRANGLER_NO_REDIS=1 wins over a named Redis, and the description says so', async () => {
  const found = await findRedis({
    directory,
    env: { STRANGLER_NO_REDIS: '1', REDIS_URL: 'redis://127.0.0.1:6379' },
  })
  expect(found.kind).toBe('postgres')
  expect(found.description).toContain('STRANGLER_NO_REDIS=1')
})

test('REDIS_URL is used as it stands, and its password is not in the description', async () => {
  const found = await findRedis({ directory, env: { REDIS_URL: 'redis://:secret@redis.example:6380/2' } })
  expect(found).toMatchObject({ kind: 'redis', url: 'redis://:secret@redis.example:6380/2' })
  expect(found.description).toBe('Redis at redis.example:6380, named by REDIS_URL')
})

test('the address of the configuration comes before REDIS_URL', async () => {
  const env = { REDIS_URL: 'redis://other:1' }
  expect(await findRedis({ directory, url: 'redis://mine:2', env })).toMatchObject({ url: 'redis://mine:2' })
})

test('without any Redis on the machine PostgreSQL takes its place', async () => {
  const found = await findRedis({ directory, env: { PATH: directory } })
  expect(found.kind).toBe('postgres')
  expect(found.description).toContain('neither redis-server nor valkey-server is on the PATH')
})

test('a redis-server that does not start is not an end: PostgreSQL takes its place and the log is named', async () => {
  const folder = await mkdtemp(join(directory, 'broken-'))
  await writeFile(join(folder, 'redis-server'), '#!/bin/sh\necho no such luck\nexit 1\n', { mode: 0o755 })
  const found = await findRedis({ directory: folder, env: { PATH: folder } })
  expect(found.kind).toBe('postgres')
  expect(found.description).toContain(join(folder, 'redis.log'))
  expect(await readFile(join(folder, 'redis.log'), 'utf8')).toContain('no such luck')
})

test.skipIf(redis === undefined)(
  'a launched Redis evicts nothing, refuses strangers, and is gone after stop',
  async () => {
    const found = await findRedis({ directory, env: { PATH: process.env['PATH'] } })
    if (found.kind !== 'redis') throw new Error(found.description)
    const { port, password } = new URL(found.url)
    expect(await ask(port, 'PING')).toContain('-NOAUTH')
    const policy = await ask(port, `AUTH ${password}\r\nCONFIG GET maxmemory-policy`)
    expect(policy).toContain('noeviction')
    await Promise.all([found.stop(), found.stop()])
    await expect(ask(port, 'PING')).rejects.toThrow(/ECONNREFUSED/)
  },
)

function ask(port: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1')
    let answer = ''
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('close', () => resolve(answer))
    socket.write(`${command}\r\nQUIT\r\n`)
  })
}

test('where no capability has tables none is launched, though one is on the PATH', async () => {
  const found = await findRedis({ directory, isNeeded: false, env: { PATH: process.env['PATH'] } })
  expect(found).toMatchObject({
    kind: 'postgres',
    description: expect.stringContaining('no capability has tables'),
  })
})

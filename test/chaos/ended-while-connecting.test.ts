import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBackend, type Sender } from '../../strangler/sync/transport/queue-backend.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

// Whoever connects gets a listener for errors a moment later. What arrives in that moment, in one packet with the server's word that it is
// ready, has none.

const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])
const FATAL = fatal('57P01', 'terminating connection due to administrator command')
const WAIT_MS = 60_000

let database: TestDatabase
let server: Server
let sender: Sender
/** Connections that are ended as soon as they are ready. */
let unlucky = 0
let ended = 0
const sockets = new Set<Socket>()

beforeAll(async () => {
  database = await createTestDatabase('ended')
  server = createServer(relay).listen(0, '127.0.0.1')
  await once(server, 'listening')
  sender = openBackend({ kind: 'postgres', url: database.url }).openSender('ended')
  sender.on('error', () => undefined)
  // Makes the queue's schema, so that nobody else has to.
  await sender.getJobCounts('waiting')
}, WAIT_MS)

afterAll(async () => {
  await sender?.close()
  server?.close()
  for (const socket of sockets) socket.destroy()
  await database?.drop()
})

function relay(client: Socket): void {
  const upstream = connect(Number(new URL(database.url).port), '127.0.0.1')
  for (const socket of [client, upstream]) {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  }
  client.pipe(upstream)
  client.on('close', () => upstream.destroy())
  upstream.on('close', () => client.destroy())
  upstream.on('data', (chunk: Buffer) => {
    if (unlucky === 0 || !chunk.subarray(-READY.length).equals(READY)) {
      client.write(chunk)
      return
    }
    unlucky -= 1
    ended += 1
    client.end(Buffer.concat([chunk, FATAL]))
    upstream.destroy()
  })
}

function fatal(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}

function start(by: 'kit' | 'bullmq') {
  const url = new URL(database.url)
  url.port = String((server.address() as AddressInfo).port)
  const child: ChildProcess = fork(
    join(import.meta.dirname, 'programs', 'queue-receiver.ts'),
    [JSON.stringify({ url, by })],
    { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] },
  )
  let errors = ''
  child.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  return { child, errors: () => errors }
}

async function until(isSo: () => boolean): Promise<void> {
  for (const deadline = Date.now() + WAIT_MS; !isSo(); await delay(20))
    if (Date.now() > deadline) throw new Error('It did not become so.')
}

test('a connection of the queue that is ended at the very moment it is there ends nothing, and jobs are taken afterwards', {
  timeout: 3 * WAIT_MS,
}, async () => {
  ;[unlucky, ended] = [6, 0]
  const { child, errors } = start('kit')
  const taken: unknown[] = []
  child.on('message', (message: { took?: unknown }) => message.took !== undefined && taken.push(message.took))
  try {
    await until(() => ended > 0 || child.exitCode !== null)
    await delay(500)
    unlucky = 0
    await sender.addBulk([
      { name: 'job', data: { number: 1 }, opts: { removeOnComplete: true, removeOnFail: true } },
    ])
    await until(() => taken.length > 0 || child.exitCode !== null)
    expect([child.exitCode, errors()]).toEqual([null, ''])
    expect(taken).toEqual([{ number: 1 }])
  } finally {
    child.kill('SIGKILL')
  }
})

test('negative control: it ends a process that uses the queue without the kit’s client', {
  timeout: 2 * WAIT_MS,
}, async () => {
  ;[unlucky, ended] = [6, 0]
  const { child, errors } = start('bullmq')
  try {
    await until(() => child.exitCode !== null)
    expect(child.exitCode).toBe(1)
    expect(errors()).toContain('57P01')
  } finally {
    unlucky = 0
    child.kill('SIGKILL')
  }
})

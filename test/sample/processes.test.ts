import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const PROGRAMS = {
  monolith: 'monolith/main.ts',
  inventory: 'extracted/inventory/main.ts',
  orders: 'extracted/orders/main.ts',
} as const

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase('processes')
})
afterAll(() => database?.drop())

const begin = (program: string, args: string[], environment = {}) =>
  spawn(process.execPath, [program, ...args], {
    env: { ...process.env, PORT: '', DATABASE_URL: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })

async function end(child: ChildProcess) {
  const [output, error, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit'),
  ])
  return { output, error, code }
}

describe.each(Object.entries(PROGRAMS))('the program of the %s', (app, program) => {
  it('prints one line when it listens, serves, and ends cleanly on SIGTERM', async () => {
    const own = await createTestDatabase(app)
    const child = begin(program, ['--port', '0'], { DATABASE_URL: own.url, ROWS: '30' })
    try {
      const [line] = await once(child.stdout!, 'data')
      const { listening, ...rest } = JSON.parse(String(line))
      expect(rest).toMatchObject({ app, pid: child.pid })
      expect(((await (await fetch(`${listening}/version`)).json()) as { name: string }).name).toBe(app)
      child.kill('SIGTERM')
      expect(await end(child)).toMatchObject({ code: 0, error: '' })
    } finally {
      child.kill('SIGKILL')
      await own.drop()
    }
  })

  it('names every option that is wrong and does not start', async () => {
    const { code, error, output } = await end(
      begin(program, ['--database-url', 'mongodb://x', '--port', '99999']),
    )
    expect([code, output]).toEqual([1, ''])
    expect(error).toContain('--database-url (or DATABASE_URL): must be a URL that starts with postgres://')
    expect(error).toContain('--port (or PORT)')
    expect(error).not.toContain('    at ')
  })
})

// The two services share what comes next.
describe.each(Object.entries(PROGRAMS).slice(0, 2))('the program of the %s', (app, program) => {
  it('refuses an option it does not know', async () => {
    const { code, error } = await end(begin(program, ['--colour', 'blue']))
    expect(code).toBe(1)
    expect(error).toContain('--colour')
  })

  it('says so when its port is taken or its database is away', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    const own = await createTestDatabase(app)
    const busy = await end(
      begin(program, [
        '--port',
        String(port),
        '--database-url',
        own.url,
        ...(app === 'monolith' ? ['--rows', '30'] : []),
      ]),
    )
    await own.drop()
    taken.close()
    const away = await end(begin(program, ['--database-url', 'postgres://postgres@127.0.0.1:1/none']))
    expect([busy.code, away.code]).toEqual([1, 1])
    expect(busy.error).toContain('cannot listen')
    expect(away.error).toContain('nothing listens at --database-url')
  })
})

describe('the monolith’s own options', () => {
  it('want the proxy’s address for the endpoint form of the coupling', async () => {
    const { code, error } = await end(
      begin(PROGRAMS.monolith, ['--database-url', database.url, '--coupling', 'endpoints']),
    )
    expect(code).toBe(1)
    expect(error).toContain('--inventory-base-url')
  })

  it('are followed by a signal that switches the coupling, and says at once that it was received', async () => {
    const own = await createTestDatabase('signalled')
    const args = ['--port', '0', '--rows', '30', '--inventory-base-url', 'http://127.0.0.1:1']
    const child = begin(PROGRAMS.monolith, args, { DATABASE_URL: own.url })
    try {
      await once(child.stdout!, 'data')
      child.kill('SIGUSR2')
      const [line] = await once(child.stdout!, 'data')
      expect(JSON.parse(String(line))).toEqual({
        ...{ app: 'monolith', received: 'SIGUSR2', coupling: 'endpoints' },
        waitsFor: expect.stringContaining('end in it'),
      })
      child.kill('SIGTERM')
      expect(await end(child)).toMatchObject({ code: 0 })
    } finally {
      child.kill('SIGKILL')
      await own.drop()
    }
  }, 60_000)

  it('include the nightly job as a command', async () => {
    const { code, output } = await end(
      begin(PROGRAMS.monolith, ['nightly', '--database-url', database.url, '--rows', '300']),
    )
    expect(code).toBe(0)
    expect(JSON.parse(output).nightly.rowsWritten).toBeGreaterThan(0)
  })
})

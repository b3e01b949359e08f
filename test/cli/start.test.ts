import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { type Running, type RunOptions, runStrangler, startStrangler } from './run-strangler.ts'

const ENDPOINT = 'GET /api/stock/:sku'
// Several processes of Node start in these tests, on machines that may have few cores.
const SLOW_MS = 60_000

let database: TestDatabase
let folder: string
let sides: Server[]
let started: Running[]

beforeEach(async () => {
  database = await createTestDatabase('start')
  folder = await mkdtemp(join(tmpdir(), 'strangler-start-'))
  started = []
  sides = await Promise.all([startSide('monolith'), startSide('service')])
  await writeConfig()
})
afterEach(async () => {
  // What a failed test has left running; a process that has ended takes no signal.
  for (const running of started) running.child.kill('SIGKILL')
  await Promise.all(started.map((running) => running.ended))
  for (const side of sides) {
    side.closeAllConnections()
    await new Promise((resolve) => side.close(resolve))
  }
  await rm(folder, { recursive: true, force: true })
  await database.drop()
})

const env = { STRANGLER_NO_REDIS: '1' }
const run = (args: readonly string[]) => runStrangler(args, { cwd: folder, env })

async function start(
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<{ running: Running; proxyUrl: string }> {
  const running = startStrangler(['start', '--port', '0', '--admin-port', '0', '--json', ...args], {
    cwd: folder,
    ...options,
    env: { ...env, ...options.env },
  })
  started.push(running)
  const seen = await running.until(/\{"proxyUrl".*\}\n/)
  const { proxyUrl } = JSON.parse(/\{"proxyUrl".*\}/.exec(seen)![0])
  return { running, proxyUrl }
}

async function answerOf(proxyUrl: string): Promise<string> {
  return (await fetch(`${proxyUrl}/api/stock/A-1`)).text()
}

describe('strangler start', () => {
  it(
    'serves until it is told to stop; the other commands find it by themselves',
    async () => {
      const { running, proxyUrl } = await start()
      expect(await answerOf(proxyUrl)).toBe('monolith')
      expect(await run(['route', 'set', ENDPOINT, 'service', '--because', 'a try'])).toMatchObject({
        code: 0,
      })
      await expect.poll(() => answerOf(proxyUrl), { interval: 5 }).toBe('service')
      expect((await run(['route', 'why', 'GET', '/api/stock/A-1'])).stdout).toContain('because “a try”')
      expect(JSON.parse((await run(['proxy', 'list', '--json'])).stdout).proxies).toHaveLength(1)
      running.child.kill('SIGTERM')
      expect((await running.ended).code).toBe(0)
      expect(existsSync(join(folder, '.strangler', 'admin.json'))).toBe(false)
      await expect(answerOf(proxyUrl)).rejects.toThrow()
    },
    SLOW_MS,
  )

  it(
    'serves with several processes, each registered, and ends all of them',
    async () => {
      const { running, proxyUrl } = await start(['--workers', '2'])
      expect(await answerOf(proxyUrl)).toBe('monolith')
      const { proxies } = JSON.parse((await run(['proxy', 'list', '--json'])).stdout)
      expect(proxies).toHaveLength(2)
      running.child.kill('SIGINT')
      expect((await running.ended).code).toBe(0)
      for (const { pid } of proxies) expect(() => process.kill(pid, 0)).toThrow()
    },
    SLOW_MS,
  )

  it(
    'stops in order when the npx above it is ended, which cannot pass the signal on',
    async () => {
      const { running, proxyUrl } = await start([], { throughShell: true, env: { npm_command: 'exec' } })
      running.child.kill('SIGTERM')
      // The streams close when the kit itself has ended.
      await running.ended
      await expect(answerOf(proxyUrl)).rejects.toThrow()
      expect(existsSync(join(folder, '.strangler', 'admin.json'))).toBe(false)
    },
    SLOW_MS,
  )

  it(
    'serves on without its shell when it was put into the background by hand',
    async () => {
      const { running, proxyUrl } = await start([], { throughShell: true })
      running.child.kill('SIGKILL')
      await delay(1_200)
      expect(await answerOf(proxyUrl)).toBe('monolith')
      const { pid } = JSON.parse(await readFile(join(folder, '.strangler', 'admin.json'), 'utf8'))
      process.kill(pid, 'SIGTERM')
      await running.ended
    },
    SLOW_MS,
  )

  it.each([
    ['--port', '99999'],
    ['--admin-port', 'http'],
    ['--workers', '0'],
    ['--workers', '-1'],
    ['--workers', 'many'],
  ])('does not understand %s %s, and starts nothing', async (option, value) => {
    const result = await run(['start', option, value])
    expect(result).toMatchObject({ code: 2, stdout: '' })
    expect(result.stderr).toMatch(/must be a whole number|A port is/)
    expect(existsSync(join(folder, '.strangler'))).toBe(false)
  })

  it(
    'runs the data sync alone in the role sync',
    async () => {
      const args = ['start', '--role', 'sync', '--admin-port', '0', '--json']
      const running = startStrangler(args, { cwd: folder, env })
      started.push(running)
      const seen = await running.until(/\{"adminUrl".*\}\n/)
      expect(seen).not.toContain('proxyUrl')
      expect((await run(['sync', 'status'])).code).toBe(0)
      running.child.kill('SIGTERM')
      expect((await running.ended).code).toBe(0)
    },
    SLOW_MS,
  )

  it('without a configuration says what to write', async () => {
    await rm(join(folder, 'strangler.config.mjs'))
    const result = await run(['start'])
    expect(result.code).toBe(1)
    expect(result.stderr).toContain('STRANGLER_CONFIG_NOT_FOUND')
  })

  it.each([
    ['an unknown key', { capabilites: {} }, 'STRANGLER_CONFIG_INVALID', 'capabilites'],
    [
      'two endpoints that tie',
      { capabilities: { stock: { endpoints: ['GET /a/:x', 'GET /a/:y'] } } },
      'STRANGLER_ENDPOINT_TIE',
      '/a/:y',
    ],
    [
      'a side that does not answer',
      { sides: { monolith: 'http://127.0.0.1:9' }, capabilities: {} },
      'STRANGLER_SIDE_UNREACHABLE',
      '127.0.0.1:9',
    ],
  ])(
    'with %s names it in one paragraph, and leaves nothing running',
    async (_, mistake, code, named) => {
      await writeConfig(mistake)
      const result = await run(['start', '--port', '0', '--admin-port', '0'])
      expect(result.code).toBe(1)
      const paragraph = result.stderr.split('\n').find((line) => line.startsWith(code))
      expect(paragraph).toContain(named)
      expect(existsSync(join(folder, '.strangler', 'admin.json'))).toBe(false)
    },
    SLOW_MS,
  )

  it(
    'on a port that is taken names the port',
    async () => {
      const { port } = sides[0]!.address() as AddressInfo
      for (const option of ['--port', '--admin-port']) {
        const other = option === '--port' ? '--admin-port' : '--port'
        const result = await run(['start', option, String(port), other, '0'])
        expect(result.code).toBe(1)
        expect(result.stderr).toMatch(new RegExp(`STRANGLER_PORT_IN_USE: .*${port}`))
      }
    },
    SLOW_MS,
  )
})

async function startSide(name: string): Promise<Server> {
  const server = createServer((_req, res) => res.end(name))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function writeConfig(mistake: object = {}): Promise<void> {
  const [monolith, stock] = sides.map((side) => `http://127.0.0.1:${(side.address() as AddressInfo).port}`)
  const config = {
    sides: { monolith, stock },
    capabilities: { stock: { endpoints: [ENDPOINT] } },
    control: { url: database.url },
    ...mistake,
  }
  await writeFile(join(folder, 'strangler.config.mjs'), `export default ${JSON.stringify(config)}`)
}

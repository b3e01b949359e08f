import { spawnSync } from 'node:child_process'
import { appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { capLog } from '../../scripts/demo/cap-log.ts'
import { claimDemo } from '../../scripts/demo/claim-demo.ts'
import { type DemoState, introduce } from '../../scripts/demo/introduce.ts'

const program = join(import.meta.dirname, '..', '..', 'scripts', 'demo.ts')
/** Its modules are many, and machines are busy. */
const SLOW_MS = 90_000
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strangler-demo-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const runDemo = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })

test.each(['--help', '-h'])(
  '%s is answered, and nothing is started',
  (option) => {
    const { status, stdout } = runDemo(option)
    expect(status).toBe(0)
    expect(stdout).toContain('--no-traffic')
    expect(stdout).not.toContain('Starting')
  },
  SLOW_MS,
)

test.each([
  [['--port', '9000'], "Unknown option '--port'."],
  [['--rowz', '3'], "Unknown option '--rowz'."],
  [['extra'], "Unexpected argument 'extra'."],
  [['--rows', 'abc'], '--rows is "abc", and must be a whole number'],
  [['--rows', '0'], '--rows is "0", and must be a whole number'],
  [['--json'], '--json goes with --once.'],
  [['--once', '--no-traffic'], '--once needs the shoppers'],
  [['--planted', '--no-traffic'], '--planted needs the shoppers'],
  [['--db', 'oracle'], '--db is "oracle", and must be postgres or mariadb.'],
])(
  '%j is refused in one line before anything is started',
  (args, found) => {
    const { status, stdout, stderr } = runDemo(...args)
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toContain(found)
  },
  SLOW_MS,
)

test('a folder has one demo at a time, and the second names the first', async () => {
  const release = await claimDemo(folder)
  await expect(claimDemo(folder)).rejects.toThrow(`already runs here (process ${process.pid})`)
  await release()
  await (await claimDemo(folder))()
})

const route = (endpoint: string, percent?: number): DemoState['routes'][number] => {
  const from = { endpoint, capability: 'inventory', effect: 'read' as const }
  if (percent === undefined) return { ...from, setting: { mode: 'monolith' }, source: 'config' }
  const setting = { mode: 'canary', percent } as const
  const override = { setting, by: 'operator:anna', at: '2026-01-01T00:00:00Z', version: 1, unsafe: false }
  return { ...from, setting, source: 'override', override }
}
const state = {
  proxyUrl: 'http://127.0.0.1:8080',
  adminUrl: 'http://127.0.0.1:8081',
  traffic: true,
  isRetired: false,
}

test('the introduction lists what was decided before, and speaks of shoppers only when there are any', () => {
  const fresh = introduce({ ...state, routes: [route('GET /a')] })
  expect(fresh).toContain('Everything goes to the monolith until you say otherwise.')
  expect(fresh).toContain('100 shoppers')
  expect(fresh).toContain('migrate inventory next')
  expect(fresh).not.toMatch(/migrate inventory back|sync verify|route set/)
  const staged = { ...route('GET /a', 25), source: 'stage' as const }
  const { override: _override, ...byStage } = staged
  expect(introduce({ ...state, routes: [byStage] })).toContain('The inventory goes by its stage')
  const retired = introduce({ ...state, isRetired: true, routes: [byStage] })
  expect(retired).not.toMatch(/migrate inventory back|sync verify inventory/)
  expect(introduce({ ...state, routes: [byStage] })).toMatch(
    /migrate inventory back[\s\S]*sync verify inventory/,
  )
  const again = introduce({ ...state, traffic: false, routes: [route('GET /a'), route('GET /b', 25)] })
  expect(again).toContain('begins anew):\n\n  GET /b   canary=25\n\nEverything else')
  expect(again).not.toContain('shoppers')
})

test('the log begins empty and is set aside when it is too long', async () => {
  const file = join(folder, 'access.log')
  await appendFile(file, 'from last time')
  const cap = await capLog(file, { limitBytes: 10, everyMs: 5 })
  try {
    expect(await readFile(file, 'utf8')).toBe('')
    await appendFile(file, 'more than ten characters')
    await expect.poll(async () => (await stat(file)).size).toBe(0)
    expect(await readFile(`${file}.1`, 'utf8')).toBe('more than ten characters')
  } finally {
    cap.stop()
  }
})

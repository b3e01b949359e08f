import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RunningAdmin, startAdmin, TOKENS } from '../admin/start-admin.ts'
import { runMain, runStrangler } from './run-strangler.ts'

const SKU = 'GET /api/inventory/:sku'
let admin: RunningAdmin

beforeAll(async () => {
  admin = await startAdmin()
})
afterAll(() => admin.stop())
beforeEach(() => admin.command('/api/routes/clear', { endpoint: SKU }))

const environment = (env: Record<string, string> = {}) => ({
  STRANGLER_ADMIN_URL: admin.url,
  STRANGLER_TOKEN: TOKENS.operator,
  USER: 'tester',
  ...env,
})

// Most run in this process, which is quicker; the last test asks the real command for the same answers.
const run = (args: readonly string[], env: Record<string, string> = {}) => runMain(args, environment(env))

const newest = async () => (await admin.control.journal.history({ limit: 1 }))[0]!

describe('strangler route', () => {
  it('set moves an endpoint, and the journal says who and why', async () => {
    const result = await run(['route', 'set', SKU, 'canary=25', '--because', 'a first quarter'])
    expect(result).toMatchObject({ code: 0, stderr: '' })
    const { version, by, because, event } = await newest()
    expect(result.stdout).toBe(`${SKU} is now canary=25 (version ${version}).\n`)
    expect({ by, because }).toEqual({ by: 'operator:tester', because: 'a first quarter' })
    expect(event).toMatchObject({ endpoint: SKU, setting: { mode: 'canary', percent: 25 } })
    const again = await run(['route', 'set', SKU, 'canary=25'])
    expect(again.stdout).toBe(`${SKU} was already canary=25 (version ${version}).\n`)
  })

  it.each([
    ['monolith', { mode: 'monolith' }],
    ['service', { mode: 'service' }],
    ['canary=0.5', { mode: 'canary', percent: 0.5 }],
    ['canary=100%', { mode: 'canary', percent: 100 }],
  ])('set understands %s', async (mode, setting) => {
    expect((await run(['route', 'set', SKU, mode, '--as', 'anna'])).code).toBe(0)
    expect(await newest()).toMatchObject({ by: 'operator:anna', event: { setting } })
  })

  it.each(['canary', 'canary=101', 'canary=1.234', 'canary=x', 'both', ''])(
    'set does not understand the mode "%s" and says what a mode is',
    async (mode) => {
      const before = await admin.version()
      const result = await run(['route', 'set', SKU, mode])
      expect(result.code).toBe(2)
      expect(result.stderr).toContain('canary=25')
      expect(await admin.version()).toBe(before)
    },
  )

  it('set --json prints the API’s answer', async () => {
    const result = await run(['route', 'set', SKU, 'service', '--json'])
    expect(JSON.parse(result.stdout)).toMatchObject({ version: await admin.version(), changed: true })
  })

  it('set --expect refuses when the journal has moved on', async () => {
    const result = await run(['route', 'set', SKU, 'service', '--expect', '0'])
    expect(result.code).toBe(3)
    expect(result.stderr).toMatch(/^STRANGLER_VERSION_CONFLICT: .*strangler route history/)
    expect(result.stderr.trimEnd()).not.toContain('\n')
  })

  it('set refuses what would split the data, unless it is declared unsafe', async () => {
    const refused = await run(['route', 'set', 'POST /api/orders', 'service'])
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain('STRANGLER_TOGGLE_REFUSED')
    const unsafe = ['route', 'set', 'POST /api/orders', 'service', '--unsafe']
    const without = await run(unsafe)
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('--unsafe needs its reason') })
    expect((await run([...unsafe, '--because', 'nobody uses it yet'])).code).toBe(0)
    expect((await run(['route', 'list'])).stdout).toMatch(/POST \/api\/orders .*service \(unsafe\)/)
    await run(['route', 'clear', 'POST /api/orders'])
  })

  it('set of an unknown endpoint names the nearest', async () => {
    const result = await run(['route', 'set', 'GET /api/inventory/:sk', 'service'])
    expect(result.code).toBe(2)
    expect(result.stderr).toContain(`Did you mean "${SKU}"`)
  })

  it('list shows every endpoint with its mode and where that comes from', async () => {
    await run(['route', 'set', SKU, 'service', '--because', 'ready'])
    const { stdout } = await run(['route', 'list'])
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^ENDPOINT +CAPABILITY +MODE +SET +BECAUSE$/)
    expect(lines.find((line) => line.startsWith(`${SKU} `))).toMatch(
      /inventory +service +operator:tester, \d{4}-.* +ready$/,
    )
    expect(lines.find((line) => line.startsWith('GET /api/inventory '))).toMatch(/canary=50 +config$/)
    expect(stdout).toContain(`version ${await admin.version()}`)
    expect(stdout).not.toContain('\u001b')
    expect(JSON.parse((await run(['route', 'list', '--json'])).stdout).routes).toHaveLength(5)
  })

  it('list and history say that a toggle was made without a reason', async () => {
    await run(['route', 'clear', SKU])
    await run(['route', 'set', SKU, 'service'])
    const lines = (await run(['route', 'list'])).stdout.split('\n')
    expect(lines.find((line) => line.startsWith(`${SKU} `))).toMatch(/ no reason given$/)
    expect(lines.find((line) => line.startsWith('GET /api/inventory '))).not.toContain('no reason')
    expect((await run(['route', 'history', '--limit', '1'])).stdout).toMatch(/→ service +no reason given$/m)
  })

  it('clear returns an endpoint to the configuration', async () => {
    await run(['route', 'set', SKU, 'service'])
    expect((await run(['route', 'clear', SKU])).stdout).toContain(
      'is now as its stage or the configuration says',
    )
    expect((await run(['route', 'clear', SKU])).stdout).toContain('was already')
  })

  it('why explains a request in a sentence', async () => {
    const { stdout } = await run(['route', 'why', 'GET', '/api/inventory', '--user', '4711'])
    expect(stdout).toMatch(/bucket \d+ of 10000 .*\(SPLIT, table version \d+\)\n$/)
    const targeted = await run([
      'route',
      'why',
      'GET',
      '/api/inventory',
      '--header',
      'X-Beta: yes',
      '--header',
      'x-user: 1',
      '--json',
    ])
    expect(JSON.parse(targeted.stdout)).toMatchObject({ target: 'service', reason: 'TARGETING_MATCH' })
  })

  it('history shows the newest decisions first', async () => {
    await run(['route', 'set', SKU, 'service', '--because', 'the\tlast word'])
    await run(['route', 'set', SKU, 'service', '--because', 'the last word'])
    const { stdout } = await run(['route', 'history', '--limit', '1'])
    expect(stdout.split('\n')[1]).toMatch(new RegExp(`^${await admin.version()} .*→ service +the last word$`))
    const version = await admin.version()
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      `… ${version - 1} earlier decisions: \`strangler route history --before ${version}\` shows the next ones, \`--limit 1000\` more at once.`,
    )
    const all = await run(['route', 'history', '--limit', '1000'])
    expect(all.stdout).not.toContain('earlier')
    const before = JSON.parse((await run(['route', 'history', '--before', '2', '--json'])).stdout)
    expect(before.entries.map((entry: { version: number }) => entry.version)).toEqual([1])
  })
})

describe('strangler proxy and hold', () => {
  it('list and evict a proxy; an eviction needs a reason', async () => {
    const { id } = await admin.control.registrations.register({ host: 'edge', pid: 99 })
    expect((await run(['proxy', 'list'])).stdout).toMatch(new RegExp(`${id} +proxy +edge +99 .*0 of \\d+`))
    const bare = await run(['proxy', 'evict', id])
    expect(bare).toMatchObject({ code: 2, stderr: expect.stringContaining('--because') })
    expect((await run(['proxy', 'evict', id, '--because', 'gone'])).code).toBe(0)
    expect((await run(['proxy', 'list', '--json'])).stdout).not.toContain(id)
  })

  it('hold, fence and release the writes of a capability', async () => {
    const { id } = await admin.control.registrations.register({ host: 'edge', pid: 98 })
    expect((await run(['hold', 'status'])).stdout).toBe('No writes are held.\n')
    expect((await run(['hold', 'start', 'orders', '--for', '30s'])).code).toBe(0)
    expect((await run(['hold', 'status'])).stdout).toMatch(new RegExp(`orders +holding .*- +${id}`))
    expect((await run(['hold', 'start', 'orders'])).code).toBe(3)
    expect((await run(['hold', 'fence', 'orders'])).code).toBe(0)
    expect((await run(['hold', 'release', 'orders'])).code).toBe(0)
    expect(await run(['hold', 'abort', 'orders'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('STRANGLER_HOLD_CONFLICT'),
    })
    const unknown = await run(['hold', 'start', 'order'])
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('"orders"') })
  })
})

describe('a command that cannot be done', () => {
  it('ends with 4 where nothing listens, and says how to go on', async () => {
    const result = await run(['route', 'list'], { STRANGLER_ADMIN_URL: 'http://127.0.0.1:9' })
    expect(result.code).toBe(4)
    expect(result.stderr).toMatch(/^STRANGLER_ADMIN_UNREACHABLE: .*strangler start/)
  })

  it('ends with 3 for a wrong token, and never shows it', async () => {
    const wrong = 'a-wrong-token-nobody-has'
    const result = await run(['route', 'list'], { STRANGLER_TOKEN: wrong })
    expect(result.code).toBe(3)
    expect(result.stderr).toContain('STRANGLER_UNAUTHORIZED')
    expect(result.stdout + result.stderr).not.toContain(wrong)
    const viewer = await run(['route', 'set', SKU, 'service'], { STRANGLER_TOKEN: TOKENS.viewer })
    expect(viewer).toMatchObject({ code: 3, stderr: expect.stringContaining('STRANGLER_FORBIDDEN') })
  })

  it('prints its error as JSON with --json', async () => {
    const { code, stdout, stderr } = await run(['route', 'clear', 'GET /nowhere', '--json'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(JSON.parse(stderr)).toMatchObject({ code: 'STRANGLER_UNKNOWN_ENDPOINT', fix: expect.any(String) })
  })

  it.each([
    [['rout', 'list']],
    [['route', 'list', '--nonsense']],
    [['route']],
    [[]],
    [['route', 'set', SKU]],
  ])('ends with 2 when it is not understood: %j', async (args) => {
    const result = await run(args)
    expect(result).toMatchObject({ code: 2, stdout: '' })
    expect(result.stderr).not.toBe('')
  })
})

describe('the help', () => {
  it.each([
    ['start'],
    ['route', 'list'],
    ['route', 'set'],
    ['route', 'clear'],
    ['route', 'why'],
    ['route', 'history'],
    ['proxy', 'list'],
    ['proxy', 'evict'],
    ['hold', 'start'],
    ['hold', 'fence'],
    ['hold', 'release'],
    ['hold', 'abort'],
    ['hold', 'status'],
  ])('of %s %s has examples', async (...command) => {
    const words = command.filter((word) => typeof word === 'string')
    const { code, stdout } = await run([...words, '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain(`Examples:\n  strangler ${words.join(' ')}`)
  })

  it('of the whole says the exit codes', async () => {
    expect((await run(['--help'])).stdout).toContain('4 not reachable')
  })
})

describe('the real command', () => {
  it.each([
    [['route', 'list']],
    [['route', 'list', '--json']],
    [['route', 'set', 'GET /api/inventory', 'canary=50', '--expect', '0']],
    [['route', 'clear', SKU]],
    [['route', 'why', 'GET', '/api/inventory', '--user', '4711']],
    [['route', 'history']],
    [['proxy', 'list']],
    [['hold', 'status']],
    [['hold', 'abort', 'inventory']],
    [['hold', 'nonsense']],
    [['--help']],
    [['--version']],
  ])('answers the same: %j', async (args) => {
    // Called by its path in a folder with the link of npm, it is named as npm finds it.
    const expected = await runMain(args, environment(), 'npx strangler')
    expect(await runStrangler(args, { env: environment() })).toEqual(expected)
  })
})

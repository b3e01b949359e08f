import type { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT } from '../../strangler/cli/exit-codes.ts'
import { createProgram } from '../../strangler/cli/main.ts'
import { type RunningAdmin, startAdmin, TOKENS } from '../admin/start-admin.ts'
import { runMain } from './run-strangler.ts'

const silent = { columns: 100, isTTY: false, write: () => true }
/** What a name is of, by the argument that takes it, and one that nobody has. */
const UNKNOWN: Readonly<Record<string, { value: string; code: string }>> = {
  capability: { value: 'nothere', code: 'STRANGLER_UNKNOWN_CAPABILITY' },
  name: { value: 'nothere', code: 'STRANGLER_UNKNOWN_CAPABILITY' },
  endpoint: { value: 'GET /not/here', code: 'STRANGLER_UNKNOWN_ENDPOINT' },
}
/** What the other arguments and demanded options need to be understood. */
const FILLED: Readonly<Record<string, string>> = {
  ...{ mode: 'monolith', action: 'next', table: 'stock', key: '5', path: '$.price' },
}

interface Taking {
  readonly line: string
  readonly args: readonly string[]
  readonly code: string
}

/** Every command that takes the name of a capability or an endpoint, with one that is not there. */
function listTaking(command: Command, path: readonly string[] = []): Taking[] {
  const own = command.registeredArguments.flatMap((argument) => {
    const unknown = UNKNOWN[argument.name()]
    if (unknown === undefined) return []
    const args = command.registeredArguments
      .filter((other) => other === argument || other.required)
      .map((other) =>
        other === argument ? unknown.value : (FILLED[other.name()] ?? other.argChoices?.[0] ?? 'x'),
      )
    const demanded = command.options
      .filter(({ mandatory, long }) => mandatory || long === '--because')
      .flatMap(({ long }) => [long ?? '', 'because'])
    return [{ line: path.join(' '), args: [...path, ...args, ...demanded], code: unknown.code }]
  })
  return [...own, ...command.commands.flatMap((one) => listTaking(one, [...path, one.name()]))]
}

const taking = listTaking(createProgram({ stdout: silent, stderr: silent, env: {} }))
let admin: RunningAdmin

beforeAll(async () => {
  admin = await startAdmin()
})
afterAll(() => admin.stop())

const run = (args: readonly string[]) =>
  runMain(args, { STRANGLER_ADMIN_URL: admin.url, STRANGLER_TOKEN: TOKENS.operator, USER: 'tester' })

it('there are such commands', () => {
  const lines = taking.map(({ line }) => line)
  expect(lines).toEqual(expect.arrayContaining(['guide', 'sync status', 'compare report', 'compare samples']))
  expect(taking.length).toBeGreaterThan(20)
})

it.each([
  [['guide', 'rare', 'GET /api/inventory'], '--because'],
  [['compare', 'accept', 'GET /api/inventory', '$.price', '--owner', 'ana'], '--because'],
  [
    ['compare', 'accept', 'GET /api/inventory', '$.x', '--owner', 'ana', '--because', 'y', '--kind', 'odd'],
    '`kind`',
  ],
])('what is missing or wrong is named: %j', async (args, named) => {
  const { code, stderr } = await run(args)
  expect(code).toBe(EXIT.notUnderstood)
  expect(stderr).toContain(named)
  expect(stderr).not.toContain('ZodError')
})

describe('a name that is not there', () => {
  it.each(taking.map(({ line, args, code }) => [line, code, args] as const))(
    'is an error of %s: %s',
    async (_line, code, args) => {
      const before = await admin.version()
      const { code: exit, stdout, stderr } = await run(args)
      expect({ exit, stdout }).toEqual({ exit: EXIT.notUnderstood, stdout: '' })
      expect(stderr).toMatch(new RegExp(`^${code}: .*not (a capability|an endpoint) of the configuration\\.`))
      expect(await admin.version()).toBe(before)
    },
  )

  it('is told from one without tables, of which there is just nothing to say', async () => {
    expect(await run(['sync', 'status', 'inventory'])).toMatchObject({
      ...{ code: EXIT.done, stderr: '' },
      stdout: expect.stringContaining('inventory has no tables, so there is nothing to sync.'),
    })
    expect((await run(['sync', 'status', 'inventor'])).stderr).toContain('Did you mean "inventory"?')
  })
})

it.each([
  [['sync', 'stauts'], 'status'],
  [['migrate', 'inventory', 'stauts'], 'status'],
  [['migrate', 'inventory', 'cut-over'], 'cutover'],
])('%j names the one that was meant', async (args, meant) => {
  const { code, stderr } = await run(args)
  expect(code).toBe(EXIT.notUnderstood)
  expect(stderr).toContain(`(Did you mean ${meant}?)`)
})

it('an override without its reason is told so before anything else, also where the gate is not there or no kit answers', async () => {
  const args = ['migrate', 'inventory', 'next', '--override', 'no-such-gate']
  for (const url of [admin.url, 'http://127.0.0.1:1']) {
    const { code, stderr } = await runMain(args, {
      STRANGLER_ADMIN_URL: url,
      STRANGLER_TOKEN: TOKENS.operator,
    })
    expect(code).toBe(EXIT.notUnderstood)
    expect(stderr).toContain('--override needs its reason: --because "…"')
  }
})

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { EXIT } from '../../strangler/cli/exit-codes.ts'
import { createProgram } from '../../strangler/cli/main.ts'
import { printTable } from '../../strangler/cli/print-table.ts'
import { paint } from '../../strangler/cli/terminal.ts'
import { splitWords } from '../docs/documents.ts'
import { runMain } from './run-strangler.ts'

interface Walked {
  readonly line: string
  readonly command: Command
}

const silent = { columns: 100, isTTY: false, write: () => true }
const createSilent = () => createProgram({ stdout: silent, stderr: silent, env: {} })

/** Every command that can be run; groups only lead to theirs. */
function listRunnable(command: Command, path: readonly string[] = []): Walked[] {
  const own = command.commands.length === 0 || command.registeredArguments.length > 0
  const inner = command.commands.flatMap((one) => listRunnable(one, [...path, one.name()]))
  return own && path.length > 0 ? [{ line: path.join(' '), command }, ...inner] : inner
}

const commands = listRunnable(createSilent())
const examplesIn = (help: string) =>
  [...help.matchAll(/^ {2}((?:source <\()?strangler .*)$/gm)].flatMap(([, line = '']) => line.split(' && '))

it('there are commands to walk over', () => expect(commands.length).toBeGreaterThan(35))

describe.each(commands.map(({ line, command }) => [line, command] as const))(
  'strangler %s',
  (line, command) => {
    it('has a help with examples that the command line understands', async () => {
      const { code, stdout } = await runMain([...line.split(' '), '--help'], {})
      expect(code).toBe(0)
      expect(stdout).toContain(command.description())
      expect(stdout).toContain('\nExamples:\n')
      const examples = examplesIn(stdout).map((example) =>
        example.replace(/^source <\((.*)\)$/, '$1').replace(/ [>|] .*/, ''),
      )
      expect(examples.length).toBeGreaterThan(0)
      expect(examples.some((example) => example.startsWith(`strangler ${line}`))).toBe(true)
      for (const example of examples) expect(() => parse(splitWords(example).slice(1)), example).not.toThrow()
    })

    it('can answer as JSON, or prints what is no answer', () => {
      if (line === 'completion')
        return expect(command.options.map(({ long }) => long)).not.toContain('--json')
      expect(command.options.map(({ long }) => long)).toContain('--json')
    })

    it('names every option that it takes in its help, and each with what it is for', () => {
      for (const { description, long } of command.options) expect(description, `${line} ${long}`).not.toBe('')
    })
  },
)

describe('what every command keeps to', () => {
  it('ends with 2 and names the way out when it is not understood', async () => {
    for (const { line } of commands) {
      const { code, stderr } = await runMain([...line.split(' '), '--no-such-option'], {})
      expect({ line, code }).toEqual({ line, code: EXIT.notUnderstood })
      expect(stderr).toContain('--help')
    }
  }, 60_000)

  it('documents its exit codes', async () => {
    const { stdout } = await runMain(['--help'], {})
    for (const [name, code] of Object.entries(EXIT))
      expect(stdout, name).toMatch(new RegExp(`\\b${code} \\w`))
    const page = readFileSync(path.join(import.meta.dirname, '../../docs/reference/cli.md'), 'utf8')
    expect(page).toContain(stdout.slice(stdout.indexOf('Exit codes:')).trim())
  })

  it('fails with a code and a mend, as one JSON object with --json', async () => {
    const env = { STRANGLER_ADMIN_URL: 'http://127.0.0.1:1', STRANGLER_TOKEN: 'a-token-for-nobody' }
    const plain = await runMain(['route', 'list'], env)
    expect(plain).toMatchObject({ code: EXIT.unreachable, stdout: '' })
    expect(plain.stderr).toMatch(/^STRANGLER_ADMIN_UNREACHABLE: .*errors\.md#strangler_admin_unreachable/)
    const { stderr } = await runMain(['route', 'list', '--json'], env)
    expect(JSON.parse(stderr)).toMatchObject({ code: 'STRANGLER_ADMIN_UNREACHABLE', fix: expect.any(String) })
  }, 60_000)

  it('colours on a terminal only, and never with NO_COLOR', () => {
    const terminal = (isTTY: boolean, env: Record<string, string> = {}) => ({
      ...{ env, stderr: silent },
      stdout: { ...silent, isTTY },
    })
    expect(paint(terminal(true), 'red', 'x')).toBe('\u001b[31mx\u001b[39m')
    expect(paint(terminal(false), 'red', 'x')).toBe('x')
    expect(paint(terminal(true, { NO_COLOR: '1' }), 'red', 'x')).toBe('x')
  })

  it.each([40, 60, 100])('prints tables that fit %i columns', (columns) => {
    let text = ''
    const write = (chunk: unknown) => {
      text += String(chunk)
      return true
    }
    const stdout = { columns, isTTY: true, write }
    const rows = [{ endpoint: `GET /api/${'inventory/'.repeat(12)}:sku`, mode: 'canary=25' }]
    printTable({ stdout, stderr: silent, env: { NO_COLOR: '1' } }, rows, [
      { title: 'ENDPOINT', value: ({ endpoint }) => endpoint, mayShrink: true },
      { title: 'MODE', value: ({ mode }) => mode },
    ])
    for (const line of text.trimEnd().split('\n')) expect([...line].length).toBeLessThanOrEqual(columns)
    expect(text).toContain('canary=25')
  })
})

it('the walk would see a command without examples', () => {
  const program = new Command('strangler')
  program.command('bare').description('has no examples')
  const [bare] = listRunnable(program)
  expect(examplesIn(bare?.command.helpInformation() ?? '')).toEqual([])
})

/** Runs nothing: what stays is the understanding. */
function parse(args: readonly string[]): void {
  const program = createSilent()
  const disarm = (command: Command) => {
    if (command.commands.length === 0 || command.registeredArguments.length > 0)
      command.action(() => undefined)
    for (const inner of command.commands) disarm(inner)
  }
  disarm(program)
  program.parse([...args], { from: 'user' })
}

import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { CommanderError } from 'commander'
import { describe, expect, test } from 'vitest'
import { createProgram } from '../../strangler/cli/main.ts'
import {
  findCommandLines,
  findLinks,
  findMentions,
  listAnchors,
  readDocuments,
  splitWords,
} from './documents.ts'

const root = path.join(import.meta.dirname, '../..')
const documents = await readDocuments()
const silent = { columns: 100, isTTY: false, write: () => true }

/** What the real command line says against a documented one; undefined when it would run. */
function complain(line: string, { isMention = false } = {}): string | undefined {
  const [, ...args] = splitWords(line.replace(/^npx /, ''))
  const program = createProgram({ stdout: silent, stderr: silent, env: {} })
  const disarm = (command: typeof program) => {
    // Groups show their help, which is as good as running; one with arguments runs by itself, too, and must not reach a kit that is here.
    if (command.commands.length === 0 || command.registeredArguments.length > 0)
      command.action(() => undefined)
    for (const inner of command.commands) disarm(inner)
  }
  disarm(program)
  try {
    program.parse(args, { from: 'user' })
    return undefined
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const passes = [
      'commander.helpDisplayed',
      'commander.version',
      ...(isMention ? ['commander.missingArgument'] : []),
    ]
    return passes.includes(error.code) ? undefined : error.message
  }
}

function findBrokenLinks(file: string, text: string): string[] {
  return findLinks(text).filter((target) => {
    const [name = '', anchor] = target.split('#')
    const to = name === '' ? file : path.join(path.dirname(file), name)
    if (!existsSync(path.join(root, to))) return true
    return anchor !== undefined && !listAnchors(documents[to] ?? '').includes(anchor)
  })
}

const FORBIDDEN = [
  { what: 'a path of somebody’s machine', pattern: /(^|[\s"'`(=:])\/(home|root|Users|work|mnt)\/\w/m },
  {
    what: 'the host of a package registry',
    pattern: /\b(registry\.[\w-]+|npm\.pkg|artifactory|verdaccio|nexus\.[\w-]+)\b/i,
  },
  {
    what: 'an address that only one network knows',
    pattern: /\b(10|192\.168|172\.(1[6-9]|2\d|3[01]))(\.\d{1,3}){2,3}:\d/,
  },
]
const findForbidden = (text: string) =>
  FORBIDDEN.filter(({ pattern }) => pattern.test(text)).map(({ what }) => what)

const commands = Object.entries(documents).flatMap(([file, text]) => [
  ...findCommandLines(text).map((line) => ({ file, line, said: complain(line) })),
  // In the text N stands for any number, and a command may be named without its arguments.
  ...findMentions(text).map((line) => {
    return { file, line, said: complain(line.replaceAll(/\bN\b/g, '1'), { isMention: true }) }
  }),
])

describe('the documents', () => {
  test('show only commands that the command line understands', () => {
    expect(commands.length).toBeGreaterThan(20)
    expect(commands.filter(({ said }) => said !== undefined)).toEqual([])
  })

  test('link to files and sections that are there', () => {
    const broken = Object.entries(documents).flatMap(([file, text]) =>
      findBrokenLinks(file, text).map((target) => `${file}: ${target}`),
    )
    expect(broken).toEqual([])
  })

  test('say nothing that is true on one machine only', () => {
    const found = Object.entries(documents).flatMap(([file, text]) =>
      findForbidden(text).map((what) => `${file}: ${what}`),
    )
    expect(found).toEqual([])
  })
})

describe('the checks of the documents', () => {
  test.each([
    ['npx strangler route flip "GET /a" service', /unknown command/],
    ['npx strangler route set "GET /a" service --force', /unknown option/],
    ['npx strangler route set "GET /a" everywhere', /A mode is/],
    ['npx strangler route set service', /missing required argument/],
    ['npx strangler start --role boss', /Allowed choices/],
  ])('see that `%s` would not run', (line, said) => {
    expect(findCommandLines(`\`\`\`sh\n${line}\n\`\`\``)).toEqual([line])
    expect(complain(line)).toMatch(said)
  })

  test('see a link to a file or a section that is not there', () => {
    const text = '[a](no-such.md) [b](README.md#no-such-section) [c](README.md) [d](https://example.org/x)'
    expect(findBrokenLinks('README.md', text)).toEqual(['no-such.md', 'README.md#no-such-section'])
  })

  test('see paths and hosts of one machine', () => {
    expect(findForbidden('cd /home/anna/shop')).toHaveLength(1)
    expect(findForbidden('from https://registry.example.org/pg')).toHaveLength(1)
    expect(findForbidden('listens on 127.0.0.1:8080, and /api/home/x is a path')).toEqual([])
  })
})

test('every decision has a number of its own, in its name and in its title', async () => {
  const folder = path.join(root, 'docs/decisions')
  const files = (await readdir(folder)).toSorted()
  expect(files.length).toBeGreaterThan(10)
  for (const [index, file] of files.entries()) {
    expect(file).toMatch(new RegExp(`^${String(index + 1).padStart(4, '0')}-`))
    expect(await readFile(path.join(folder, file), 'utf8')).toMatch(new RegExp(`^# ${index + 1}\\. `))
  }
})

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProgram } from '../../strangler/cli/main.ts'
import { COMMANDS, nameProgram, wordHints } from '../../strangler/cli/word-hints.ts'
import { runMain } from './run-strangler.ts'

const silent = { columns: 100, isTTY: false, write: () => true }

describe('the commands in a text', () => {
  it.each([
    ['`strangler sync resume stock` goes on', '`npx strangler sync resume stock` goes on'],
    ['run `npx strangler start`', 'run `npx strangler start`'],
    [
      '  strangler route list\n  strangler start --port 0',
      '  npx strangler route list\n  npx strangler start --port 0',
    ],
    ['source <(strangler completion bash)', 'source <(npx strangler completion bash)'],
    ['\u001b[1mstrangler guide\u001b[22m', '\u001b[1mnpx strangler guide\u001b[22m'],
    // Neither a file, nor a package, nor a schema, nor a word.
    [
      'strangler.config.ts of strangler-kit in /opt/strangler start',
      'strangler.config.ts of strangler-kit in /opt/strangler start',
    ],
    ['a strangler fig', 'a strangler fig'],
  ])('are named as they work: %j', (text, worded) => {
    expect(wordHints(text, 'npx strangler')).toBe(worded)
    expect(wordHints(text, undefined)).toBe(text)
  })

  it('lose the `npx` where the program is on the PATH', () => {
    expect(wordHints('then `npx strangler assess`', 'strangler')).toBe('then `strangler assess`')
  })

  it('are all the commands that there are', () => {
    const { commands } = createProgram({ stdout: silent, stderr: silent, env: {} })
    expect([...COMMANDS].sort()).toEqual([...commands.map((one) => one.name()), 'help'].sort())
  })
})

describe('the name of the program', () => {
  let folder: string
  let project: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'strangler-named-'))
    project = join(folder, 'project')
    const bin = join(project, 'node_modules', '.bin')
    await mkdir(bin, { recursive: true })
    await mkdir(join(project, 'deep', 'down'), { recursive: true })
    await writeFile(join(bin, 'strangler'), '')
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const named = (script: string, cwd = folder, env: Record<string, string> = {}) =>
    nameProgram({ script, cwd, env: { PATH: ['/usr/bin', '/usr/local/bin'].join(delimiter), ...env } })

  it('is its own after a global installation', () => {
    expect(named('/usr/local/bin/strangler')).toBe('strangler')
  })

  it('goes through npx where npm or npx has started it, whatever npm has put on the PATH for it', () => {
    const bin = join(project, 'node_modules', '.bin')
    const PATH = [bin, '/usr/bin'].join(delimiter)
    expect(named(join(bin, 'strangler'), project, { PATH, npm_command: 'exec' })).toBe('npx strangler')
    // `npx` of a package that is not installed keeps it in npm's cache.
    expect(named('/home/ana/.npm/_npx/1/node_modules/.bin/strangler', folder)).toBe('npx strangler')
    expect(named(join(folder, 'scripts', 'demo.ts'), folder, { npm_command: 'run-script' })).toBe(
      'npx strangler',
    )
  })

  it('goes through npx in a project that has it, however deep one stands and whatever it was called by', () => {
    expect(named(join(project, 'strangler', 'bin.mjs'), join(project, 'deep', 'down'))).toBe('npx strangler')
  })

  it('is the path where it was called by that and nothing else finds it', () => {
    expect(named(join(folder, 'kit', 'bin.mjs'))).toBe(`node ${join('kit', 'bin.mjs')}`)
    expect(named('/opt/the kit/bin.mjs')).toBe("node '/opt/the kit/bin.mjs'")
  })
})

describe('every way in which a command speaks to people', () => {
  const env = { STRANGLER_ADMIN_URL: 'http://127.0.0.1:1', STRANGLER_TOKEN: 'a-token-for-nobody' }

  it('names the program as it was started: errors and help', async () => {
    const failed = await runMain(['route', 'list'], env, 'npx strangler')
    expect(failed.stderr).toContain('`npx strangler start`')
    expect(failed.stderr).not.toMatch(/[^x] strangler start/)
    const help = await runMain(['sync', 'verify', '--help'], {}, 'npx strangler')
    expect(help.stdout).toContain('Examples:\n  npx strangler sync verify inventory')
  })

  it('but for machines and scripts the texts stay as they are', async () => {
    const { stderr } = await runMain(['route', 'list', '--json'], env, 'npx strangler')
    expect(JSON.parse(stderr).fix).toContain('`strangler start`')
    const plain = await runMain(['completion', 'bash'], {})
    expect(await runMain(['completion', 'bash'], {}, 'npx strangler')).toEqual(plain)
  })
})

import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../../strangler/cli/main.ts'
import { runMain } from './run-strangler.ts'

const silent = { columns: 100, isTTY: false, write: () => true }
const program = createProgram({ stdout: silent, stderr: silent, env: {} })
const { stdout: script } = await runMain(['completion', 'bash'], {})
const hasZsh = spawnSync('zsh', ['--version']).status === 0

/** What bash would offer behind a line; the last word is the one that is being typed. */
function offer(line: string): string[] {
  const words = line.split(' ')
  const quoted = words.map((word) => `'${word}'`).join(' ')
  const asked = `${script}
COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}
_strangler
printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', asked], { encoding: 'utf8' })
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  return stdout.split('\n').filter((word) => word !== '')
}

describe('strangler completion bash', () => {
  it('offers every command at the beginning, and of a group its own', () => {
    const names = program.commands.map((command) => command.name())
    expect(
      offer('strangler ')
        .filter((word) => !word.startsWith('-'))
        .sort(),
    ).toEqual([...names].sort())
    expect(offer('strangler ro')).toEqual(['route'])
    expect(
      offer('strangler route ')
        .filter((word) => !word.startsWith('-'))
        .sort(),
    ).toEqual(['clear', 'history', 'list', 'set', 'why'].sort())
  })

  it('offers the options of the command that was typed, also behind an argument', () => {
    expect(offer('strangler route set GET service --bec')).toEqual(['--because'])
    expect(offer('strangler sync status --wor')).toEqual([])
    expect(offer('strangler start --wor')).toEqual(['--workers'])
  })

  it('offers the values where there is a list of them', () => {
    expect(offer('strangler start --role ')).toEqual(['all', 'proxy', 'sync', 'admin'])
    expect(offer('strangler completion z')).toEqual(['zsh'])
  })

  it('leaves files to the shell', () => {
    expect(offer('strangler start --config /etc/host')).toContain('/etc/hosts')
  })
})

describe('strangler completion zsh', () => {
  it('has the same words as that of bash', async () => {
    const { stdout } = await runMain(['completion', 'zsh'], {})
    const wordsOf = (text: string) =>
      [...text.matchAll(/^ {4}("[^"]*:[^"]*"\*?)\) (?:words="|next=\()(.*)(?:"|\)) ;;$/gm)].map(
        ([, at, words]) => [at, words],
      )
    expect(wordsOf(stdout).length).toBeGreaterThan(40)
    expect(wordsOf(stdout)).toEqual(wordsOf(script))
  })

  it.skipIf(!hasZsh)('is understood by zsh', async () => {
    const { stdout } = await runMain(['completion', 'zsh'], {})
    const { status, stderr } = spawnSync('zsh', ['-fn'], { input: stdout, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})

it('does not know other shells', async () => {
  expect(await runMain(['completion', 'fish'], {})).toMatchObject({ code: 2 })
})

import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../../strangler/cli/main.ts'
import { requireProgram } from '../support/optional.ts'
import { runMain } from './run-strangler.ts'

const silent = { columns: 100, isTTY: false, write: () => true }
const program = createProgram({ stdout: silent, stderr: silent, env: {} })
const { stdout: script } = await runMain(['completion', 'bash'], {})
const zsh = await requireProgram('zsh')

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

  describe.skipIf(zsh === undefined)('in a zsh (skipped: there is none on this machine)', () => {
    /** What zsh would offer: its own function that takes the words stands aside, and says them. */
    const offerZsh = async (line: string): Promise<string[]> => {
      const { stdout } = await runMain(['completion', 'zsh'], {})
      const words = line.split(' ')
      const quoted = words.map((word) => `'${word}'`).join(' ')
      const asked = `compdef() { registered="$*" }; compadd() { shift; print -rl -- "$@" }; _files() { print files }
${stdout}
[ "$registered" = "_strangler strangler" ] || print -u2 "registered: $registered"
words=(${quoted}); CURRENT=${words.length}
_strangler`
      const { stdout: said, stderr, status } = spawnSync('zsh', ['-f', '-c', asked], { encoding: 'utf8' })
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
      // All that may come next; zsh itself leaves those that fit what is typed.
      return said.split('\n').filter((word) => word.startsWith(words.at(-1) ?? ''))
    }

    it('offers what bash offers', async () => {
      for (const line of [
        ...['strangler ro', 'strangler route ', 'strangler route set GET service --bec'],
        ...[
          'strangler start --wor',
          'strangler start --role ',
          'strangler completion z',
          'strangler sync status --wor',
        ],
      ])
        expect((await offerZsh(line)).filter((word) => word !== '').sort(), line).toEqual(offer(line).sort())
    })

    it('leaves files to the shell', async () => {
      expect(await offerZsh('strangler start --config ')).toContain('files')
    })
  })
})

it('does not know other shells', async () => {
  expect(await runMain(['completion', 'fish'], {})).toMatchObject({ code: 2 })
})

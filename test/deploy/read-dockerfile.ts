import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './read-compose.ts'

export interface Instruction {
  readonly name: string
  readonly text: string
}

/** A `COPY`: from the project, or from the stage named by `from`. */
export interface Copy {
  readonly from: string | undefined
  readonly sources: readonly string[]
  readonly to: string
}

export interface Stage {
  readonly name: string | undefined
  readonly image: string
  readonly instructions: readonly Instruction[]
}

/** Where Docker itself fills arguments in; a command's words it leaves alone. */
const FILLED = ['COPY', 'ENV', 'EXPOSE']

/** The stages of a Dockerfile: comments away, continued lines joined, and the arguments filled in that a stage names. */
export function readStages(file: string, args: Readonly<Record<string, string>> = {}): Stage[] {
  const lines = readFileSync(path.join(root, file), 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const stages: (Stage & { instructions: Instruction[] })[] = []
  for (const line of lines) {
    const [name = ''] = line.split(' ')
    const text = line.slice(name.length + 1).trim()
    if (name === 'FROM') {
      const [image = '', as, stage] = text.split(' ')
      stages.push({ image, name: as === 'AS' ? stage : undefined, instructions: [] })
    } else {
      const stage = stages.at(-1)!
      const named = new Set(valuesOf(stage, 'ARG'))
      const fill = (all: string, arg: string) => (named.has(arg) ? (args[arg] ?? '') : all)
      const filled = FILLED.includes(name) ? text.replaceAll(/\$\{(\w+)\}/g, fill) : text
      stage.instructions.push({ name, text: filled })
    }
  }
  return stages
}

export const valuesOf = ({ instructions }: Stage, wanted: string): string[] =>
  instructions.filter(({ name }) => name === wanted).map(({ text }) => text)

export function copiesOf(stage: Stage): Copy[] {
  return valuesOf(stage, 'COPY').map((text) => {
    const words = text.split(/\s+/)
    const from = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : undefined
    return { from, sources: words.slice(0, -1), to: words.at(-1) ?? '' }
  })
}

/** `NAME=value NAME=value` of its ENV lines. */
export function environmentOf(stage: Stage): Record<string, string> {
  const pairs = valuesOf(stage, 'ENV').flatMap((text) => text.split(/\s+/))
  return Object.fromEntries(pairs.map((pair) => pair.split('=', 2) as [string, string]))
}

/** The words of `CMD ["a", "b"]`; the shell's form would be no JSON. */
export function commandOf(stage: Stage, name: 'CMD' | 'ENTRYPOINT'): string[] {
  const [text] = valuesOf(stage, name)
  return text === undefined ? [] : (JSON.parse(text) as string[])
}

export function healthOf(stage: Stage): string[] {
  const [text = ''] = valuesOf(stage, 'HEALTHCHECK')
  return JSON.parse(text.slice(text.indexOf('['))) as string[]
}

/** What .dockerignore keeps out of a build, by the plain forms that it uses. */
export function isIgnored(file: string): boolean {
  const ignored = readFileSync(path.join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  return ignored.some((pattern) => {
    const plain = pattern.replace(/^\*\*\//, '')
    const expression = new RegExp(`^${plain.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}(/|$)`)
    return expression.test(file) || (pattern.startsWith('**/') && expression.test(path.basename(file)))
  })
}

export const isThere = (file: string) => existsSync(path.join(root, file))

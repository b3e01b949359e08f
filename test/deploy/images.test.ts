import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { inventoryOptions } from '../../extracted/inventory/inventory-options.ts'
import { ordersOptions } from '../../extracted/orders/orders-options.ts'
import { optionNames } from '../../monolith/monolith-options.ts'
import { createProgram } from '../../strangler/cli/main.ts'
import { readKitVariables } from './kit-variables.ts'
import { composeText, readCompose } from './read-compose.ts'
import {
  commandOf,
  copiesOf,
  environmentOf,
  healthOf,
  isIgnored,
  isThere,
  readStages,
  valuesOf,
} from './read-dockerfile.ts'

const DOCKERFILES = [
  { file: 'monolith/Dockerfile', args: {} },
  { file: 'extracted/Dockerfile', args: { SERVICE: 'inventory' } },
  { file: 'extracted/Dockerfile', args: { SERVICE: 'orders' } },
  { file: 'strangler/Dockerfile', args: {} },
]
const compose = readCompose(composeText, () => 'x')
const built = Object.entries(compose.services).filter(([, { build }]) => build !== undefined)
const toVariable = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()

describe.each(DOCKERFILES)('$file $args.SERVICE', ({ file, args }) => {
  const stages = readStages(file, args)
  const last = stages.at(-1)!

  it('builds in one stage and runs in another, as a user without rights, on the Node that the kit wants', () => {
    expect(stages.length).toBeGreaterThan(1)
    for (const { image } of stages) expect(image).toBe('node:24-bookworm-slim')
    expect(valuesOf(last, 'USER')).toEqual(['node'])
    const names = last.instructions.map(({ name }) => name)
    // What is made after it would be that user's own.
    expect(names.lastIndexOf('COPY')).toBeLessThan(names.indexOf('USER'))
  })

  it('copies only what is there and what no .dockerignore keeps away', () => {
    const own = stages.flatMap(copiesOf).filter(({ from }) => from === undefined)
    const sources = own.flatMap((copy) => copy.sources).filter((source) => source !== '.')
    expect(sources.length).toBeGreaterThan(2)
    expect(sources.filter((source) => !isThere(source) || isIgnored(source))).toEqual([])
    const names = stages.map(({ name }) => name)
    for (const { from } of stages.flatMap(copiesOf)) if (from !== undefined) expect(names).toContain(from)
  })

  it('has a health check that asks a port that it exposes, with a script that is in it', () => {
    const [node, script = '', address = ''] = healthOf(last)
    expect(node).toBe('node')
    expect(copiesOf(last).flatMap(({ sources }) => sources)).toContain(script)
    expect(valuesOf(last, 'EXPOSE').join(' ').split(' ')).toContain(new URL(address).port)
  })

  it('starts a program that is in it', () => {
    const [first, second = ''] = [...commandOf(last, 'ENTRYPOINT'), ...commandOf(last, 'CMD')]
    if (first !== 'node') return expect(first).toBe('node_modules/.bin/strangler')
    const copy = copiesOf(last).find(({ to }) => path.normalize(to) === path.dirname(second))
    expect(isThere(path.join(copy?.sources[0] ?? 'nowhere', path.basename(second)))).toBe(true)
  })
})

it('builds each of the two services from the one file by an argument that it names', () => {
  const services = built.filter(([, { build }]) => build?.dockerfile === 'extracted/Dockerfile')
  expect(services.map(([name, { build }]) => [name, build?.args])).toEqual([
    ['inventory', { SERVICE: 'inventory' }],
    ['orders', { SERVICE: 'orders' }],
  ])
  // Without it there is no such folder.
  const bare = copiesOf(readStages('extracted/Dockerfile').at(-1)!)
  expect(bare.flatMap(({ sources }) => sources)).toContain('extracted/')
})

it('keeps secrets, repository and packages of this machine out of every build', () => {
  for (const file of ['.env', '.git', 'node_modules', '.strangler', 'strangler-kit-0.1.0.tgz'])
    expect(isIgnored(file), file).toBe(true)
  expect(isIgnored('strangler/kit.ts')).toBe(false)
})

describe('what docker-compose.yml tells the programs', () => {
  const accepted: Record<string, readonly string[]> = {
    monolith: optionNames.map(toVariable),
    inventory: Object.keys(inventoryOptions.shape).map(toVariable),
    orders: Object.keys(ordersOptions.shape).map(toVariable),
  }

  it.each(built)('%s: every variable is one that the program reads', (name, { environment = {} }) => {
    const read = accepted[name] ?? readKitVariables()
    const variables = Object.keys(environment)
    expect(variables.length).toBeGreaterThan(3)
    expect(variables.filter((variable) => !read.includes(variable))).toEqual([])
  })

  it('would be caught with a variable that nobody reads', () => {
    expect(readKitVariables()).not.toContain('STRANGLER_OPERATOR_TOKENS')
    expect(readKitVariables()).toContain('STRANGLER_OPERATOR_TOKEN_FILE')
    expect(accepted['monolith']).not.toContain('DATABASE')
  })

  it.each(built.filter(([, { command }]) => command !== undefined))(
    '%s: the command line is one that the kit understands',
    (_name, { command = [] }) => {
      expect(() => parse(command)).not.toThrow()
      expect(() => parse([...command, '--proxy'])).toThrow('unknown option')
      const config = command[command.indexOf('--config') + 1] ?? ''
      expect(isThere(config)).toBe(true)
    },
  )

  it('asks each program for its health where it listens', () => {
    for (const [, { build }] of built) {
      const last = readStages(build!.dockerfile, build!.args).at(-1)!
      const port = new URL(healthOf(last)[2] ?? '').port
      const { PORT } = environmentOf(last)
      // The kit's is the admin API's.
      expect(port).toBe(PORT ?? '8081')
    }
  })
})

function parse(command: readonly string[]): void {
  const silent = { columns: 100, isTTY: false, write: () => true }
  const program = createProgram({ stdout: silent, stderr: silent, env: {} })
  for (const inner of program.commands) inner.action(() => undefined)
  program.parse([...command], { from: 'user' })
}

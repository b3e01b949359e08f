import { parseArgs } from 'node:util'
import { createMonolith } from './create-monolith.ts'
import { type MonolithOptions, OptionsError, optionNames } from './monolith-options.ts'

/**
 * node monolith/main.ts [serve|nightly] --database-url postgres://… [--port 3000] [--rows 3000] …
 * Every option can come from the environment instead: --database-url or DATABASE_URL.
 * SIGUSR2: orders, deliveries and the nightly count go through the inventory's endpoints from now on.
 */

const kebab = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

function readCommandLine(args: string[], environment: NodeJS.ProcessEnv) {
  const known = Object.fromEntries(optionNames.map((name) => [kebab(name), { type: 'string' as const }]))
  const { values, positionals } = parseCommandLine(args, known)
  const command = positionals[0] ?? 'serve'
  if (positionals.length > 1 || (command !== 'serve' && command !== 'nightly'))
    throw new OptionsError(`Unknown command "${positionals.join(' ')}": use serve (the default) or nightly.`)
  const options: Record<string, unknown> = {}
  for (const name of optionNames) {
    const value = values[kebab(name)] ?? environment[kebab(name).replaceAll('-', '_').toUpperCase()]
    if (value !== undefined && value !== '') options[name] = value
  }
  return { command, options: options as unknown as MonolithOptions }
}

function parseCommandLine(args: string[], options: Record<string, { type: 'string' }>) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true })
  } catch (cause) {
    throw new OptionsError((cause as Error).message, { cause })
  }
}

const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

async function main() {
  const { command, options } = readCommandLine(process.argv.slice(2), process.env)
  const monolith = await createMonolith(options)
  if (command === 'nightly') {
    print({ app: 'monolith', nightly: { rowsWritten: await monolith.runNightly() } })
    return monolith.stop()
  }
  const { url, port } = await monolith.start().catch(async (error: unknown) => {
    await monolith.stop()
    throw error
  })
  // Before the line that says it is there: who has read it may send a signal, and without these one ends the process.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void monolith.stop())
  process.on('SIGUSR2', () => {
    const form = 'endpoints'
    const isOn = monolith.useForms({ coupling: form, nightlyForm: form })
    print({
      ...{ app: 'monolith', received: 'SIGUSR2' },
      ...(isOn
        ? { coupling: form, waitsFor: 'orders that have begun in a transaction of their own: they end in it' }
        : { coupling: 'as before: no --inventory-base-url' }),
    })
  })
  print({ app: 'monolith', listening: url, port, pid: process.pid })
}

function explain(error: unknown): string {
  if (error instanceof OptionsError) return error.message
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE')
    return `The monolith cannot listen: ${message}. Choose another --port (0 = any free one).`
  if (code === 'ECONNREFUSED')
    return 'The monolith cannot reach its database: nothing listens at --database-url.'
  return `The monolith cannot start: ${message || code || String(error)}`
}

if (import.meta.main)
  main().catch((error: unknown) => {
    process.stderr.write(`${explain(error)}\n`)
    process.exitCode = 1
  })

import { benchCommands } from './commands.ts'
import { readNumbers } from './read-numbers.ts'

/** `npm run bench -- <what> [options]`. Returns the exit code. */
async function main([name = '', ...args]: readonly string[]): Promise<number> {
  const command = Object.hasOwn(benchCommands, name) ? benchCommands[name] : undefined
  if (command === undefined) return explain(`There is no benchmark "${name}".`)
  const given = readNumbers(args, Object.keys(command.defaults))
  if (typeof given === 'string') return explain(given)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)))
  try {
    await command.run({ ...command.defaults, ...given }, stop.signal)
    return 0
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

function explain(mistake: string): number {
  const lines = Object.entries(benchCommands).map(([name, { defaults, summary }]) => {
    const options = Object.keys(defaults).filter((option) => option !== 'json')
    const shown = options.map(
      (option) => `[--${option.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)} N]`,
    )
    return `npm run bench -- ${name} [--json] ${shown.join(' ')}\n  ${summary}`
  })
  process.stderr.write(
    `${mistake}\n\n${lines.join('\n')}\n\n--json prints one JSON object on standard output; what happens meanwhile goes to standard error.\n`,
  )
  return 2
}

process.exitCode = await main(process.argv.slice(2))

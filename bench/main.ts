import { parseArgs } from 'node:util'
import { benchProxy } from './proxy/bench-proxy.ts'
import { PROXY_BENCH_DEFAULTS, type ProxyBenchOptions } from './proxy/options.ts'

const USAGE = `npm run bench -- proxy [--json] [--rounds N] [--seconds S] [--warm-up S] [--connections N] [--toggles N] [--proxies N]

Measures the proxy next to @fastify/http-proxy, express + http-proxy-middleware and nginx, in one run on this machine.
--json prints one JSON object on standard output; what happens meanwhile goes to standard error.
`

/** `npm run bench -- <what> [options]`. Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const parsed = readArguments(args)
  if (typeof parsed === 'string') {
    process.stderr.write(`${parsed}\n\n${USAGE}`)
    return 2
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)))
  try {
    await benchProxy(parsed, stop.signal)
    return 0
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

/** The options, or what is wrong with the arguments. */
function readArguments(args: readonly string[]): ProxyBenchOptions | string {
  const number = { type: 'string' } as const
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        rounds: number,
        seconds: number,
        'warm-up': number,
        connections: number,
        toggles: number,
        proxies: number,
      },
    })
    if (positionals.join(' ') !== 'proxy')
      return `There is one benchmark, "proxy", and not "${positionals.join(' ')}".`
    const { json, 'warm-up': warmUpSeconds, ...others } = values
    const given = { ...others, ...(warmUpSeconds === undefined ? {} : { warmUpSeconds }) }
    const numbers = Object.entries(given).map(([name, text]) => [name, Number(text)] as const)
    const wrong = numbers.find(([, value]) => !(value > 0))
    if (wrong !== undefined) return `--${wrong[0]} is no number above 0.`
    return { ...PROXY_BENCH_DEFAULTS, ...Object.fromEntries(numbers), json: json === true }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

process.exitCode = await main(process.argv.slice(2))

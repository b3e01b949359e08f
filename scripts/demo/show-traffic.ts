import type { Seen, Shoppers } from './shoppers.ts'

const TERMINAL_MS = 1_000
const PLAIN_MS = 10_000
const BAR = 20

/** Shows where the shoppers' requests go: in place on a terminal, else a few lines every ten seconds. */
export function showTraffic(shoppers: Shoppers, output: NodeJS.WriteStream): { stop(): void } {
  const terminal = output.isTTY === true
  let drawn = 0
  const everyMs = terminal ? TERMINAL_MS : PLAIN_MS
  const draw = () => {
    const lines = describeTraffic(shoppers.take(), shoppers.totals(), everyMs)
    if (terminal && drawn > 0) output.write(`\u001b[${drawn}A\u001b[J`)
    output.write(`${lines.join('\n')}\n`)
    drawn = lines.length
  }
  const timer = setInterval(draw, everyMs)
  return { stop: () => clearInterval(timer) }
}

/** One line an endpoint: `GET /api/inventory/:sku  ███████████████░░░░░  monolith 75 %  service 25 %`. */
export function describeTraffic(
  seen: ReadonlyMap<string, Seen>,
  totals: { requests: number; failed: number; lastFailure: string | undefined },
  everyMs: number,
): string[] {
  const lines = [...seen]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([endpoint, { bySide }]) => describeEndpoint(endpoint, bySide))
  const failed = totals.failed === 0 ? '0 failed' : `${totals.failed} failed, the last: ${totals.lastFailure}`
  const period = everyMs === 1_000 ? 'the last second' : `the last ${everyMs / 1_000} seconds`
  return [
    ...lines,
    `  (of the answers that the endpoint gave in ${period}: how many each side gave)`,
    `  ${totals.requests} requests so far, ${failed}`,
  ]
}

function describeEndpoint(endpoint: string, { monolith, service }: Seen['bySide']): string {
  if (monolith + service === 0) return `  ${endpoint.padEnd(34)} nobody was answered`
  const all = monolith + service
  const share = Math.round((100 * service) / all)
  const filled = Math.round((BAR * monolith) / all)
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`
  return `  ${endpoint.padEnd(34)} ${bar}  monolith ${String(100 - share).padStart(3)} %  service ${String(share).padStart(3)} %`
}

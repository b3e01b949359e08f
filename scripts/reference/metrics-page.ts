import { createMetrics } from '../../strangler/telemetry/metrics.ts'

const LABELS = {
  endpoint: 'the endpoint as the configuration names it; `-` where no capability names the request',
  target: '`monolith` or `service`',
  reason: 'why the request went there; the words are those of [log.md](log.md)',
  status: 'the class of the status: `1xx` (an upgrade) … `5xx`',
  code: 'a code of [errors.md](errors.md), `CLIENT_GONE`, `CLIENT_GAVE_UP`, or empty when nothing failed',
  capability: 'a capability of the configuration',
  verdict: '`match`, `accepted`, `mismatch`, `lag`, `skipped`, or `gave-way`',
}

/** docs/reference/metrics.md, read from a registry as the kit makes it. */
export function writeMetricsPage(): string {
  const { registry } = createMetrics({ processMetrics: false })
  const rows = registry.getMetricsAsArray().map((metric) => {
    const {
      name,
      help,
      type,
      labelNames = [],
    } = metric as unknown as {
      name: string
      help: string
      type: string
      labelNames?: readonly string[]
    }
    const labels = labelNames.map((label) => `\`${label}\``).join(' ') || '–'
    return `| \`${name}\` | ${type} | ${labels} | ${help} |`
  })
  return `# Metrics

\`GET /metrics\` of the admin API, in Prometheus' text format; on loopback without a token, elsewhere with the viewer's. With
\`--workers\` the numbers of all workers come together there: counters and histograms as sums. A process with \`--role proxy\` has an
admin API of its own and shows its own numbers.

| metric | type | labels | meaning |
|---|---|---|---|
${rows.join('\n')}

Besides these, everything that \`prom-client\` knows of the process: \`process_*\` (processor time, memory, open files) and \`nodejs_*\` (event
loop lag, heap, garbage collection).

## Labels

Labels are bounded: they come from the configuration and from fixed lists, never from a request.

| label | values |
|---|---|
${Object.entries(LABELS)
  .map(([label, values]) => `| \`${label}\` | ${values} |`)
  .join('\n')}

A breaker has no sample until it has changed for the first time: absent means closed.
`
}

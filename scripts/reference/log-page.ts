import type { LoggedExchange } from '../../strangler/core/exchange-record.ts'
import type { Reason, UnitSource } from '../../strangler/core/words.ts'

/** What the line has besides the record of the exchange. */
type LineField = 'level' | 'time' | 'pid' | 'msg'

/** The access log's fields in the order of the line. The compiler fails for one that is missing here, or too many. */
export const LOG_FIELDS: Readonly<Record<LineField | keyof LoggedExchange, string>> = {
  level: '30, or 40 when `code` says that something failed',
  time: 'when the exchange was over, ISO 8601 in UTC',
  pid: 'the process of the proxy',
  method: 'the method as received',
  path: 'the path as received, without the query, which may hold secrets',
  status: 'the status that the client got; 499 when it had left before',
  target: '`monolith` or `service`: the side that was chosen in the end',
  side: 'the name of that side in the configuration; `-` when none was asked',
  reason: 'why it went there (see below)',
  endpoint: 'the endpoint of the configuration; absent when no capability names the request',
  capability: 'its capability; likewise',
  tableVersion: 'the journal version of the table that decided',
  bucket: 'in a canary: the number from 0 to 9,999 of this user',
  unitSource: 'in a canary: which mark of the user the bucket came from (see below)',
  engine:
    'what carried the request: `undici`, `node-http`, `http-proxy-middleware`, or `next` for the app that embeds the kit',
  attempts: 'how often a side was asked: 0 when the kit answered itself, 2 after a repetition or a fall-back',
  code: 'what failed, a code of [errors.md](errors.md), `CLIENT_GONE` or `CLIENT_GAVE_UP`; absent when nothing did',
  durationMs: 'from the request’s headers to the end of the answer; of an upgrade: until it was closed',
  proxyMs: 'the proxy’s own share of it',
  upstreamMs: 'from the request’s leaving to the side’s headers',
  heldMs: 'how long the request waited for a write hold',
  correlationId: 'the `x-correlation-id` of request and answer',
  traceId: 'the trace of `traceparent`',
  cause: 'when something failed: the message of the error underneath',
  msg: '`request`',
}

const REASONS: Readonly<Record<Reason, string>> = {
  STATIC: 'no capability names it, or the mode of its endpoint decides alone',
  TARGETING_MATCH: 'a targeting rule of the configuration',
  SPLIT: 'the canary’s percentage and the user’s bucket',
  OVERRIDE: 'an operator’s `x-strangler-target`',
  FALLBACK: 'the service failed, and the monolith still owns the data',
  BREAKER_OPEN: 'the service has failed so often that it is not asked for a while',
  HELD: 'the write waited for a hold, and was decided anew when it ended',
  READ_YOUR_WRITES:
    'the client wrote a moment ago, and the other side has not got it yet; not before data sync',
  STALE: 'the service’s copy is too old, or its age is not known',
}

const UNIT_SOURCES: Readonly<Record<UnitSource, string>> = {
  header: 'the header of `unit.header`',
  cookie: 'the cookie of `unit.cookie`',
  claim: 'the claim of `unit.claim`',
  'kit-cookie': 'the kit’s own cookie, `strangler_unit`',
  address: 'the client’s address',
}

/** docs/reference/log.md. */
export function writeLogPage(): string {
  return `# Access log

One JSON object a line on standard output, one line per exchange, written when it is over; \`proxy.accessLog: false\` leaves it out.
\`STRANGLER_LOG_LEVEL=warn\` keeps the failed ones only. A field that does not apply is absent. There is no query, no header, no body
and no address of a client in it.

| field | meaning |
|---|---|
${writeRows(LOG_FIELDS)}

The same stream carries the kit's own events: level 50 with \`operation\` and \`err\` for what failed outside a request, level 40 when a
breaker changes, level 30 for a decision that was journalled. \`a connection was refused\` (level 40) tells of one that brought no
request: \`port\` (\`proxy\` or \`admin\`), the peer's \`address\`, the \`status\` it got (408 too slow with its headers, 431 too many, 400 no
HTTP) and the parser's \`error\`; twenty in ten seconds at most, and \`leftOut\` counts the others.

## Reasons

| reason | why the request went there |
|---|---|
${writeRows(REASONS)}

## Units

| \`unitSource\` | the user was recognised by |
|---|---|
${writeRows(UNIT_SOURCES)}
`
}

function writeRows(rows: Readonly<Record<string, string>>): string {
  return Object.entries(rows)
    .map(([name, meaning]) => `| \`${name}\` | ${meaning} |`)
    .join('\n')
}

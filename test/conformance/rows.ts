/** The proxies that the suite is run against. The kit's own two engines, and nginx as a sanity check of the tests. */
export const SUBJECTS = ['undici', 'http-proxy-middleware', 'nginx'] as const
export type SubjectName = (typeof SUBJECTS)[number]

/** One row of the forwarding table: what must hold, and for whom. */
export interface Row {
  readonly number: string
  readonly title: string
  readonly meaning: string
  /** Engines that must pass; the results of the others are recorded and published. */
  readonly required: readonly SubjectName[]
  /** Why a subject cannot do this row at all. */
  readonly notApplicable?: Partial<Record<SubjectName, string>>
}

const BOTH = ['undici', 'http-proxy-middleware'] as const
const UNDICI = ['undici'] as const

const row = (
  number: string,
  title: string,
  meaning: string,
  required: readonly SubjectName[] = UNDICI,
  notApplicable: Partial<Record<SubjectName, string>> = {},
): Row => ({ number, title, meaning, required, notApplicable })

/** The forwarding table, in order. */
export const ROWS: readonly Row[] = [
  row(
    '1',
    'Expect: 100-continue',
    'The client is asked to go on; upstream sees every header we add and no Expect.',
  ),
  row(
    '2',
    'Hop-by-hop headers',
    'They, and every header named in Connection, stop at the proxy in both directions.',
    BOTH,
  ),
  row(
    '3',
    'Forwarding headers',
    'X-Forwarded-* and Forwarded of a stranger are replaced; those of a trusted proxy are appended to.',
    BOTH,
  ),
  row('4', 'Trailers', 'Forwarded both ways, or not announced.'),
  row('5', 'Interim answers', '102 and 103 reach the client, in order, before the final answer.', UNDICI, {
    nginx: 'passing 103 on needs nginx 1.29',
  }),
  row(
    '6',
    'The client goes away',
    'Its upstream request is destroyed within 100 ms, and no socket leaks.',
    BOTH,
  ),
  row(
    '7',
    'Upstream dies within a body',
    'The client sees a broken transfer, never a clean end, and the side is charged with a failure.',
  ),
  row(
    '8',
    'Upstream refuses, resets, is silent',
    '502, 502 and 504, each a problem document with a code and without an internal address.',
    BOTH,
  ),
  row(
    '9',
    'A pooled connection is dead',
    'A GET is tried once more on a fresh connection; a request with a body is delivered at most once.',
  ),
  row(
    '10',
    'A hung upstream',
    'Connect, header and total deadlines, each configurable, each with its own code.',
    BOTH,
  ),
  row('11', 'Listeners', 'Many requests on one connection leave no listener behind.', UNDICI, {
    nginx: 'nginx has no event listeners to count',
  }),
  row('12', 'Event streams', '300 open streams delay nobody, and each event arrives when it is sent.'),
  row('13', 'Large bodies', '1 GiB up and down in constant memory, with back-pressure both ways.'),
  row(
    '14',
    'Request smuggling',
    'Framing never changes; an ambiguous request gets 400 and its connection is closed.',
    BOTH,
  ),
  row(
    '15',
    'Upgrades',
    'h2c is stripped; WebSockets pass, and are drained with 1012 between two frames.',
    BOTH,
  ),
  row(
    '16',
    'Headers as received',
    'Case, order, repetitions and non-ASCII values survive in both directions.',
  ),
  row(
    '17',
    'Framing',
    'HEAD, 204, 304, HTTP/1.0, an early 413 and Content-Length: 0 are framed as they should be.',
  ),
  row(
    '17a',
    'The unusual',
    'Rare methods, status 999, any reason phrase and the path’s bytes pass unchanged.',
  ),
  row(
    '18',
    'Table swaps under load',
    '1,000 swaps fail no request, and each answer names one table version.',
    UNDICI,
    {
      nginx: 'nginx has no table to swap: a reload starts new workers',
    },
  ),
  row(
    '19',
    'Control database and Redis gone',
    'Serving goes on, and so does a restart, from the copy on disk.',
    UNDICI,
    {
      nginx: 'nginx has neither',
    },
  ),
  row(
    '20',
    'SIGTERM',
    'No new connections, requests in flight finish, exit 0; behind a load balancer no request fails.',
    UNDICI,
    {
      nginx: 'SIGTERM is nginx’s fast shutdown, and it drains on SIGQUIT',
    },
  ),
]

/** @throws when there is no such row */
export function rowByNumber(number: string): Row {
  const found = ROWS.find((candidate) => candidate.number === number)
  if (found === undefined) throw new Error(`the forwarding table has no row ${number}`)
  return found
}

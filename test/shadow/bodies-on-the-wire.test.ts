import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { startShadowStand, verdictsOf } from './shadow-stand.ts'

/** What a side answers with; `right` differs between the two sides where the verdict is to be a mismatch. */
type Answer = (res: ServerResponse, right: boolean) => void

const JSON_TYPE = { 'content-type': 'application/json' }
const bodyOf = (right: boolean) => JSON.stringify({ id: 'A', stock: right ? 3 : 4 })
const encoded =
  (name: string, encode: (body: string) => Buffer): Answer =>
  (res, right) =>
    void res.writeHead(200, { ...JSON_TYPE, 'content-encoding': name }).end(encode(bodyOf(right)))
const sent =
  (status: number, headers: Record<string, string>, make: (right: boolean) => string | Buffer): Answer =>
  (res, right) =>
    void res.writeHead(status, headers).end(make(right))

const inParts: Answer = (res, right) => {
  res.writeHead(200, JSON_TYPE)
  const body = bodyOf(right)
  res.write(body.slice(0, 5))
  setImmediate(() => res.end(body.slice(5)))
}
const deep = (right: boolean) => `${'['.repeat(10_000)}${right ? 1 : 2}${']'.repeat(10_000)}`
const long = (right: boolean) => JSON.stringify({ text: 'x'.repeat(1_000_000), stock: right ? 3 : 4 })
const list = (right: boolean) =>
  JSON.stringify(Array.from({ length: 20_000 }, (_, id) => ({ id, n: right || id !== 9_999 ? id : -1 })))
const mixed = (right: boolean) =>
  `--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n${right ? 1 : 2}\r\n--b--\r\n`

const KINDS: readonly [name: string, answer: Answer, whenWrong: string, path?: string][] = [
  ['gzip', encoded('gzip', gzipSync), 'mismatch'],
  ['brotli', encoded('br', brotliCompressSync), 'mismatch'],
  ['zstd', encoded('zstd', zstdCompressSync), 'mismatch'],
  ['chunked', inParts, 'mismatch'],
  ['of no length', sent(200, { 'content-length': '0' }, () => ''), 'match'],
  ['that is a 204', sent(204, {}, () => ''), 'match'],
  ['that is a 304', sent(304, { etag: '"1"' }, () => ''), 'match'],
  [
    'that is a redirect',
    (res, right) => void res.writeHead(302, { location: right ? '/a' : '/b' }).end(),
    'mismatch',
  ],
  ['in multipart', sent(200, { 'content-type': 'multipart/form-data; boundary=b' }, mixed), 'mismatch'],
  [
    'of bytes',
    sent(200, { 'content-type': 'image/png' }, (right) => Buffer.from([0, 255, right ? 1 : 2])),
    'mismatch',
  ],
  ['that is no JSON', sent(200, JSON_TYPE, (right) => `{"a":${right ? 1 : 2}`), 'mismatch'],
  ['with a name twice', sent(200, JSON_TYPE, (right) => `{"a":1,"a":${right ? 1 : 2}}`), 'mismatch'],
  ['with texts of a megabyte', sent(200, JSON_TYPE, long), 'mismatch'],
  ['nested 10,000 deep', sent(200, JSON_TYPE, deep), 'skipped:too-deep'],
  [
    'in a wrong charset',
    sent(200, { 'content-type': 'text/plain; charset=utf-8' }, (right) => Buffer.from([0xe9, right ? 1 : 2])),
    'mismatch',
  ],
  ['of 20,000 entries', sent(200, JSON_TYPE, list), 'mismatch'],
]

async function serveSide(answer: Answer, right: boolean): Promise<string> {
  const server = createServer((_req, res) => answer(res, right))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function ask(answer: Answer, right: boolean, method: string) {
  const stand = await startShadowStand({
    ...{ monolith: await serveSide(answer, true), service: await serveSide(answer, right) },
    config: { compare: { maxBodyBytes: 4_194_304 } },
    capability: {
      endpoints: [{ endpoint: '* /items/:id', mode: 'shadow' }],
      compare: { lists: [{ path: '$', keyedBy: 'id' }] },
    },
  })
  const response = await fetch(`${stand.url}/items/A`, { method, redirect: 'manual' })
  await response.arrayBuffer()
  const { calibrated: _calibrated, ...verdicts } = verdictsOf(await stand.take())
  expect(stand.failures).toEqual([])
  expect(stand.shadow.heldBytes).toBe(0)
  return verdicts
}

test.each(KINDS)(
  'an answer %s is compared as it comes over the wire: equal ones match, a wrong one is told',
  async (_name, answer, whenWrong) => {
    expect(await ask(answer, true, 'GET')).toEqual({ match: 1 })
    expect(await ask(answer, false, 'GET')).toEqual({ [whenWrong]: 1 })
  },
)

test.each(['GET', 'HEAD'])(
  'the body of a wrong answer is looked at after a %s only where there is one',
  async (method) => {
    const verdict = method === 'HEAD' ? 'match' : 'mismatch'
    expect(await ask(sent(200, JSON_TYPE, bodyOf), false, method)).toEqual({ [verdict]: 1 })
  },
)

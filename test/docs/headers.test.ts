import { readFile } from 'node:fs/promises'
import { beforeAll, expect, test } from 'vitest'
import { type Passed, serveThroughProxy } from './serve-through-proxy.ts'

const page = await readFile(new URL('../../docs/reference/headers.md', import.meta.url), 'utf8')

/** The headers in the table under a heading of the page. */
function listed(heading: string): string[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(/^\| `([\w-]+)`/gm)].map(([, name = '']) => name)
}

// These would make another kind of request of it; the conformance rows send them.
const FRAMING = ['transfer-encoding', 'trailer', 'expect', 'upgrade', 'connection']
const OURS = 'strangler_unit'

let ordinary: Passed
let laden: Passed
const sent: Record<string, string> = { connection: 'keep-alive, x-named', 'x-named': 'x', 'x-kept': 'x' }
for (const name of listed('Requests: not passed on'))
  if (!FRAMING.includes(name)) sent[name] = 'from-the-client'

beforeAll(async () => {
  ordinary = await serveThroughProxy({ mode: 'canary=50', method: 'POST', headers: { accept: 'text/html' } })
  const unwanted = {
    'proxy-authenticate': 'Basic',
    'proxy-authentication-info': 'x',
    connection: 'x-gone',
    'x-gone': 'x',
  }
  laden = await serveThroughProxy({ headers: sent, answerHeaders: { ...unwanted, 'x-stays': 'x' } })
})

test('what the page says is not passed on does not reach the side; the rest does', () => {
  expect(Object.keys(sent).length).toBeGreaterThan(10)
  const arrived = Object.keys(sent).filter((name) => laden.received[name] === sent[name])
  expect(arrived).toEqual(['x-kept'])
})

test('what the side sees besides the client’s own headers is what the page says that the proxy sets', () => {
  const perConnection = ['connection', 'content-length', 'accept']
  const added = Object.keys(ordinary.received).filter((name) => !perConnection.includes(name))
  // RFC 7239 is spoken only where the client speaks it.
  expect([...added, 'forwarded'].sort()).toEqual(listed('Requests: set by the proxy').sort())
})

test('what the client gets besides the side’s own headers is what the page says that the proxy adds', () => {
  const perConnection = ['connection', 'keep-alive', 'content-length', 'transfer-encoding', 'date']
  const added = Object.keys(ordinary.answered).filter((name) => !perConnection.includes(name))
  expect([...added, 'retry-after'].sort()).toEqual(listed('Answers: added by the proxy').sort())
  expect(String(ordinary.answered['set-cookie'])).toMatch(
    new RegExp(`^${OURS}=\\S+; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax$`),
  )
})

test('what belongs to the side’s connection does not reach the client', () => {
  expect(listed('Answers: changed by the proxy')).toEqual(
    expect.arrayContaining(['proxy-authenticate', 'proxy-authentication-info']),
  )
  for (const name of ['proxy-authenticate', 'proxy-authentication-info', 'x-gone'])
    expect(laden.answered, name).not.toHaveProperty(name)
  expect(laden.answered['x-stays']).toBe('x')
})

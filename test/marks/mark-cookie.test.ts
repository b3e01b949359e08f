import { expect, test } from 'vitest'
import { createMarkBook } from '../../strangler/proxy/mark-book.ts'
import { createMarkCookies, markCookieName, withoutMarks } from '../../strangler/proxy/mark-cookie.ts'

const SECRET = Buffer.alloc(32, 1)
const KEEP_MS = 10_000
const NOW = 1_764_000_000_000

const cookieValue = (setCookie: string) => /^[^=]+=([^;]*)/.exec(setCookie)?.[1] ?? ''
const writeAt = (now: number, through: number, secret = SECRET) =>
  cookieValue(
    createMarkCookies(secret, () => now).write('stock', through, { keepMs: KEEP_MS, secure: false }),
  )
const readAt = (now: number, value: string, capability = 'stock') =>
  createMarkCookies(SECRET, () => now).read(capability, value, KEEP_MS)

test('a mark comes back as it was written, never earlier, and one without a time holds until it expires', () => {
  expect(readAt(NOW, writeAt(NOW, NOW - 7.25))).toBe(NOW - 7)
  expect(readAt(NOW, writeAt(NOW, Number.POSITIVE_INFINITY))).toBe(Number.POSITIVE_INFINITY)
  const cookie = createMarkCookies(SECRET, () => NOW).write('stock', NOW, { keepMs: KEEP_MS, secure: true })
  expect(cookie).toMatch(
    /^strangler_wrote_stock=[\w.-]{20,60}; Path=\/; Max-Age=10; HttpOnly; SameSite=Lax; Secure$/,
  )
})

test('what is forged, cut, signed by somebody else, for another capability or outlived is no mark', () => {
  const value = writeAt(NOW, NOW)
  const [through = '', saidAt = '', signature = ''] = value.split('.')
  const forged = [
    `${(NOW + 1).toString(36)}.${saidAt}.${signature}`,
    `held.${saidAt}.${signature}`,
    `${through}.${(NOW + 1).toString(36)}.${signature}`,
    `${through}.${saidAt}.${signature.slice(1)}A`,
    ...[value.slice(0, -1), `${value}A`, '', 'x', '..', 'é'.repeat(30), 'a'.repeat(5_000)],
    writeAt(NOW, NOW, Buffer.alloc(32, 2)),
  ]
  for (const one of forged) expect(readAt(NOW, one)).toBeUndefined()
  expect(readAt(NOW, value, 'orders')).toBeUndefined()
  expect(readAt(NOW + KEEP_MS, value)).toBe(NOW)
  expect(readAt(NOW + KEEP_MS + 61_000, value)).toBeUndefined()
})

test('marks are taken out of a cookie header, and nothing else is touched', () => {
  const name = markCookieName('stock')
  expect(withoutMarks('a=1; b="x; y"')).toBe('a=1; b="x; y"')
  expect(withoutMarks(`a=1; ${name}=x.y.z; b=2`)).toBe('a=1; b=2')
  expect(withoutMarks(`${name}=x; ${markCookieName('orders')}=y`)).toBeUndefined()
  expect(withoutMarks(`a=${name}; b=2`)).toBe(`a=${name}; b=2`)
})

test('what does not fit into the book counts for everybody', () => {
  const book = createMarkBook(2)
  book.note('ann', 10)
  book.note('bob', 20)
  expect([book.latest('ann'), book.latest('cyd')]).toEqual([10, Number.NEGATIVE_INFINITY])
  book.note('ann', 30)
  book.note('dan', 40)
  // Bob's was the oldest.
  expect(['ann', 'bob', 'cyd', 'dan'].map(book.latest)).toEqual([30, 20, 20, 40])
  book.begin('ann')
  book.begin('ann')
  book.end('ann', 50)
  expect(book.latest('ann')).toBe(Number.POSITIVE_INFINITY)
  book.end('ann', 60)
  expect(book.latest('ann')).toBe(60)
  book.noteAll(55)
  expect([book.latest('ann'), book.latest('dan')]).toEqual([60, 55])
})

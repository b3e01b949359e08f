import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { compileRules } from '../../strangler/compare/compile-rules.ts'
import { maskAnswer, maskRequest } from '../../strangler/compare/mask-exchange.ts'
import { answer, compare } from './answers.ts'

const CANARY = 'canary-7f3a9'
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'
const rules = compileRules({ mask: ['$.users[].email', '**.address', 'query:customer', 'header:x-tenant'] })

describe('what is stored of an exchange', () => {
  test.each([
    ['authorization', `Bearer ${CANARY}`],
    ['cookie', `sid=${CANARY}; theme=${CANARY}`],
    ['x-api-key', CANARY],
    ['x-tenant', CANARY],
    ['proxy-authorization', `Basic ${CANARY}`],
    ['x-nobody-knows', CANARY],
    ['referer', `http://a/?token=${CANARY}`],
  ])('does not hold the value of the request header %s', (name, value) => {
    const masked = maskRequest(
      { method: 'GET', target: '/', headers: [name, value, 'accept', 'text/html'], body: undefined },
      rules,
    )
    expect(JSON.stringify(masked)).not.toContain(CANARY)
    expect(masked.headers).toEqual([name, expect.stringContaining('masked'), 'accept', 'text/html'])
  })

  test.each([
    `/a?access_token=${CANARY}&q=1`,
    `/a?q=1&Api-Key=${CANARY}`,
    `/a?%74oken=${CANARY}&q=1`,
    `/a?customer=${CANARY}&q=1`,
    `/a?q=1&next=http://u:${CANARY}@host/`,
    `/a?password=%zz${CANARY}&q=1`,
  ])('does not hold the secret of the target %s', (target) => {
    const masked = maskRequest({ method: 'GET', target, headers: [], body: undefined }, rules)
    expect(masked.target).not.toContain(CANARY)
    expect(masked.target).toContain('q=1')
  })

  test.each([
    ['application/json', JSON.stringify({ password: CANARY, keep: 'kept' })],
    [
      'application/json',
      JSON.stringify({ keep: 'kept', users: [{ email: CANARY }], deep: { address: { street: CANARY } } }),
    ],
    ['application/json', JSON.stringify({ keep: 'kept', auth: { access_token: { raw: [CANARY] } } })],
    [
      'application/json',
      JSON.stringify({ keep: 'kept', log: `Authorization: Bearer ${CANARY}`, also: `x ${JWT} y` }),
    ],
    ['application/json', `{"keep":"kept","a":{"password":"${CANARY}","x":1,"x":2}}`],
    ['application/json', `{"keep":"kept","n":12345678901234567890,"secret":"${CANARY}"}`],
    ['application/x-www-form-urlencoded', `keep=kept&password=${CANARY}&card-number=${CANARY}`],
    [
      'text/html',
      `<p>kept</p><input name="csrf_token" value="${CANARY}"><input type=password value=${CANARY}>`,
    ],
    ['text/html', `<p>kept</p><meta name="csrf-token" content="${CANARY}">`],
    ['text/plain', `kept token=${CANARY} ${JWT}`],
  ])('does not hold the secrets of a body: %s %s', (type, body) => {
    for (const bytes of [Buffer.from(body), gzipSync(body)]) {
      const headers = bytes[0] === 31 ? ['content-encoding', 'gzip'] : []
      const masked = maskAnswer(answer(bytes, { type, headers }), rules)
      expect(masked.body).toContain('kept')
      expect(JSON.stringify(masked)).not.toContain(CANARY)
      expect(JSON.stringify(masked)).not.toContain(JWT)
    }
  })

  test('of a body that nobody can read there is only the length', () => {
    expect(maskAnswer(answer(`{"password":"${CANARY}`), rules).body).toBe('{"length":25}')
    const image = answer(Buffer.from(CANARY), { type: 'image/png' })
    expect(maskAnswer(image, rules).body).not.toContain(CANARY)
  })

  test('cookies that are set keep their names and attributes', () => {
    const masked = maskAnswer(
      answer('', { headers: ['Set-Cookie', `sid=${CANARY}; Path=/; HttpOnly`] }),
      rules,
    )
    expect(masked.headers).toContain('sid=‹masked›; Path=/; HttpOnly')
  })
})

describe('what a difference shows', () => {
  const show = (primary: unknown, shadow: unknown) =>
    JSON.stringify(
      compare(answer(JSON.stringify(primary)), answer(JSON.stringify(shadow)), {
        mask: ['$.users[].email', '**.address'],
      }),
    )

  test.each<[string, unknown, unknown]>([
    ['at a secret place', { password: CANARY }, { password: 'x' }],
    ['beneath a masked place', { address: { street: CANARY } }, { address: { street: 'x' } }],
    ['inside something that is missing', { user: { token: CANARY } }, {}],
    [
      'inside a list that has moved',
      { users: [{ email: CANARY }, { email: 'b' }] },
      { users: [{ email: 'b' }, { email: CANARY }] },
    ],
    ['inside another type', { a: { password: CANARY } }, { a: 1 }],
    ['in a long text', { log: `${'x'.repeat(1_000)} token=${CANARY}` }, { log: 'x'.repeat(1_000) }],
    ['where a name stands for a person', { by: { [`${CANARY}@example.org`]: 1 } }, {}],
  ])('%s is no secret', (_where, primary, shadow) => {
    const shown = show(primary, shadow)
    expect(shown).toContain('"different"')
    expect(shown).not.toContain(CANARY)
    expect(show(shadow, primary)).not.toContain(CANARY)
  })

  test('elsewhere it is shown', () => {
    expect(show({ a: CANARY }, { a: 1 })).toContain(CANARY)
  })
})

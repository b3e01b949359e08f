import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Monolith } from '../../monolith/create-monolith.ts'
import { type Running, signIn, startShop } from './sample-shop.ts'

let shop: Running<Monolith>
beforeAll(async () => {
  shop = await startShop()
})
afterAll(() => shop.stop())

describe('users and sign-in', () => {
  it('issues tokens that the published key set verifies', async () => {
    const token = await signIn(shop, 2)
    const { body: keySet } = await shop.client.get('/.well-known/jwks.json')
    expect(JSON.stringify(keySet)).not.toContain('"d"')
    const { payload } = await jwtVerify(token, createLocalJWKSet(keySet), {
      issuer: 'shop',
      audience: 'shop-api',
    })
    expect(payload).toMatchObject({ sub: '2', email: 'user2@example.com', role: 'customer' })
  })

  it('refuses a wrong password and an unknown user with the same answer', async () => {
    const wrong = await shop.client.post('/api/auth/sign-in', {
      email: 'user2@example.com',
      password: 'nope',
    })
    const unknown = await shop.client.post('/api/auth/sign-in', {
      email: 'nobody@example.com',
      password: 'nope',
    })
    expect([wrong.status, unknown.status]).toEqual([401, 401])
    expect(wrong.body.detail).toBe(unknown.body.detail)
  })

  it('refuses no token, a broken token, and a token whose signature was changed', async () => {
    const token = await signIn(shop, 2)
    const [head, payload] = token.split('.')
    const staff = Buffer.from(
      JSON.stringify({ sub: '1', role: 'staff', iss: 'shop', aud: 'shop-api' }),
    ).toString('base64url')
    const changed = token.replace(String(payload), staff)
    expect(head).toBeDefined()
    expect((await shop.client.get('/api/users/me')).status).toBe(401)
    expect((await shop.client.as('x.y.z').get('/api/users/me')).status).toBe(401)
    expect((await shop.client.as(changed).get('/api/users/me')).status).toBe(401)
    expect((await shop.client.as(token).get('/api/users/me')).status).toBe(200)
  })

  it('registers a user once, who can then sign in and change the own name', async () => {
    const body = { email: 'new@example.com', password: 'long enough', name: 'New' }
    expect((await shop.client.post('/api/users', body)).status).toBe(201)
    expect((await shop.client.post('/api/users', body)).body).toMatchObject({
      status: 409,
      code: 'email_taken',
    })
    const { token } = (await shop.client.post('/api/auth/sign-in', body)).body
    const self = shop.client.as(token)
    expect((await self.call('PATCH', '/api/users/me', { body: { name: 'Newer' } })).body.name).toBe('Newer')
    expect((await self.get('/api/users/me')).body).toMatchObject({ name: 'Newer', role: 'customer' })
  })

  it('lists users for staff only, in pages, and never a password', async () => {
    const list = await shop.client.as(await signIn(shop, 1)).get('/api/users?pageSize=3')
    expect(list.body.items).toHaveLength(3)
    expect(JSON.stringify(list.body)).not.toContain('scrypt')
    expect((await shop.client.as(await signIn(shop, 2)).get('/api/users')).body).toMatchObject({
      status: 403,
    })
  })

  it('answers a bad body with every field that is wrong', async () => {
    const { status, headers, body } = await shop.client.post('/api/users', { email: 'no', password: 'x' })
    expect(status).toBe(400)
    expect(headers.get('content-type')).toContain('application/problem+json')
    expect(body.errors.map((error: { path: string }) => error.path).sort()).toEqual([
      'email',
      'name',
      'password',
    ])
  })

  it('refuses a body above the limit and one that is not JSON', async () => {
    const large = await shop.client.post('/api/users', { name: 'x'.repeat(200_000) })
    const broken = await shop.client.post('/api/users', '{"email":')
    expect([large.status, broken.status]).toEqual([413, 400])
    expect(large.body.code).toBe('entity_too_large')
  })
})

describe('every answer', () => {
  it('carries the build and the request id, and keeps a sane id that the caller sent', async () => {
    const own = await shop.client.get('/version', { headers: { 'x-request-id': 'abc-1' } })
    expect(own.headers.get('x-request-id')).toBe('abc-1')
    expect(own.headers.get('x-build')).toBe('monolith-1')
    expect(own.body).toMatchObject({ name: 'monolith', build: 'monolith-1' })
    const odd = await shop.client.get('/healthz', { headers: { 'x-request-id': 'a b{}' } })
    expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(odd.body).toEqual({ status: 'ok', database: 'up' })
  })

  it('is a problem with a code where nothing is found', async () => {
    const { status, body } = await shop.client.get('/api/nothing')
    expect(status).toBe(404)
    expect(body).toMatchObject({ code: 'not_found', type: '/problems/not-found', status: 404 })
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningAdmin, startAdmin, TOKENS } from './start-admin.ts'

let admin: RunningAdmin

beforeAll(async () => {
  admin = await startAdmin()
})
afterAll(() => admin.stop())

const why = async (question: object) =>
  (await admin.call('POST', '/api/routes/why', { token: TOKENS.viewer, body: question })).body

describe('asking why', () => {
  it('explains an endpoint that no capability names', async () => {
    const answer = await why({ method: 'GET', path: '/elsewhere' })
    expect(answer).toMatchObject({ target: 'monolith', reason: 'STATIC', tableVersion: 0 })
    expect(answer.sentence).toBe('GET /elsewhere goes to the monolith: no capability names it.')
  })

  it('explains an operator’s mode by who, when and why', async () => {
    await admin.command('/api/routes/set', {
      endpoint: 'GET /api/inventory/:sku',
      mode: 'service',
      as: 'anna',
      because: 'it is ready',
    })
    const answer = await why({ method: 'get', path: '/api/inventory/A-1?x=1' })
    expect(answer).toMatchObject({
      target: 'service',
      endpoint: 'GET /api/inventory/:sku',
      capability: 'inventory',
      setting: { mode: 'service' },
    })
    expect(answer.sentence).toMatch(
      /goes to the service \(inventory\): operator:anna set service at .* because “it is ready”/,
    )
  })

  it('explains a canary by the user’s bucket, the same for the same user', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        why({ method: 'GET', path: '/api/inventory', user: `user-${index}` }),
      ),
    )
    for (const answer of answers) {
      expect(answer).toMatchObject({ reason: 'SPLIT', unitSource: 'header' })
      expect(answer.target).toBe(answer.bucket < 5_000 ? 'service' : 'monolith')
      expect(answer.sentence).toContain(`bucket ${answer.bucket} of 10000`)
    }
    expect(new Set(answers.map((answer) => answer.target)).size).toBe(2)
    expect(await why({ method: 'GET', path: '/api/inventory', headers: { 'X-User': 'user-7' } })).toEqual(
      answers[7],
    )
  })

  it('explains a targeting rule', async () => {
    const answer = await why({ method: 'GET', path: '/api/inventory', headers: { 'X-Beta': 'yes' } })
    expect(answer).toMatchObject({ target: 'service', reason: 'TARGETING_MATCH' })
  })

  it('says when the proxy would refuse the path', async () => {
    const answer = await why({ method: 'GET', path: '/api/%69nventory/..%2finventory/A' })
    expect(answer).not.toHaveProperty('target')
    expect(answer.sentence).toContain('refuses')
  })

  it('says that a write waits while its capability is held', async () => {
    await admin.command('/api/holds/start', { capability: 'inventory' })
    const answer = await why({ method: 'POST', path: '/api/inventory/A/reservations' })
    expect(answer.sentence).toContain('waits first')
    await admin.command('/api/holds/abort', { capability: 'inventory' })
  })

  it.each([[{ method: 'GET' }], [{ method: 'G T', path: '/' }], [{ method: 'GET', path: 'x' }]])(
    'is refused when it is not a request: %j',
    async (question) => {
      expect((await why(question)).code).toBe('STRANGLER_INVALID_COMMAND')
    },
  )
})

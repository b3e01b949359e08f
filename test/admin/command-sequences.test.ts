import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RouteState } from '../../strangler/core/words.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { EMPTY_STATE, foldJournal } from '../../strangler/routing/fold-journal.ts'
import { type Answer, CONFIG, type RunningAdmin, startAdmin, TOKENS } from './start-admin.ts'

const endpoints = [
  ...CONFIG.capabilities['inventory']!.endpoints,
  ...CONFIG.capabilities['orders']!.endpoints,
].map(({ endpoint }) => endpoint)

const setting = fc.oneof(
  fc.constantFrom({ mode: 'monolith' }, { mode: 'service' }, { mode: 'shadow' }),
  fc.integer({ min: 0, max: 10_000 }).map((bucket) => ({ mode: 'canary', percent: bucket / 100 })),
)
const endpoint = fc.constantFrom(...endpoints, 'GET /nowhere')
const capability = fc.constantFrom('inventory', 'orders', 'nothing')
/** `behind` is how far the author's knowledge is off; mostly it is right. */
const command = fc.record({
  behind: fc.constantFrom(0, 0, 0, 0, 1, -1),
  what: fc.oneof(
    fc.record({
      path: fc.constant('/api/routes/set'),
      body: fc.tuple(endpoint, setting, fc.boolean()).map(toSetBody),
    }),
    fc.record({ path: fc.constant('/api/routes/clear'), body: endpoint.map((name) => ({ endpoint: name })) }),
    fc.record({
      path: fc.constantFrom('start', 'fence', 'release', 'abort').map((change) => `/api/holds/${change}`),
      body: capability.map((name) => ({ capability: name })),
    }),
  ),
})

let admin: RunningAdmin

beforeAll(async () => {
  admin = await startAdmin()
})
afterAll(() => admin.stop())

describe('any sequence of commands', () => {
  it('leaves the table that the API shows equal to the fold of the journal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 12 }), async (commands) => {
        for (const { behind, what } of commands) {
          const before = await admin.version()
          const answer = await admin.command(what.path, {
            ...what.body,
            expectedVersion: Math.max(0, before - behind),
          })
          checkAnswer(answer, before, await admin.version())
        }
        await expectShownToBeFold()
      }),
      { numRuns: 25 },
    )
  }, 60_000)
})

function toSetBody([name, mode, unsafe]: [string, object, boolean]): object {
  return { endpoint: name, ...mode, unsafe }
}

/** A success says the journal's version; a refusal has changed nothing; nothing ever fails. */
function checkAnswer({ status, body }: Answer, before: number, after: number): void {
  if (status === 200) {
    expect(body).toMatchObject({ version: after })
    expect(after - before).toBe(body.changed ? 1 : 0)
  } else {
    expect(status).toBeLessThan(500)
    expect(body.code).toMatch(/^STRANGLER_/)
    expect(after).toBe(before)
  }
}

async function expectShownToBeFold(): Promise<void> {
  const state = foldJournal(EMPTY_STATE, await admin.control.journal.read(0, 100_000))
  const shown = (await admin.call('GET', '/api/routes', { token: TOKENS.viewer })).body
  expect(shown.version).toBe(state.version)
  const expected = compileTable(CONFIG, state).routes.map((route) => [
    route.endpoint.id,
    route.setting,
    route.source,
  ])
  expect(
    shown.routes.map((route: Record<string, unknown>) => [
      route['endpoint'],
      route['setting'],
      route['source'],
    ]),
  ).toEqual(expected)
  expect(onlyUnsafeSplits(state)).toBe(true)
}

/** No sequence of refused and accepted commands moves a capability with tables without `unsafe`. */
function onlyUnsafeSplits(state: RouteState): boolean {
  const moved = Object.entries(state.overrides).filter(
    ([name, { setting: set }]) =>
      name.includes('/orders') && (set.mode === 'service' || (set.mode === 'canary' && set.percent > 0)),
  )
  return moved.every(([, { unsafe }]) => unsafe)
}

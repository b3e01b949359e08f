import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import type { GateResult } from '../../strangler/core/guide-words.ts'
import { type CutoverStand, startCutoverStand } from './cutover-stand.ts'

const SLOW_MS = 240_000
const CAPABILITY = 'items'
const READ = 'GET /items'
const AWAY_MS = 6_000
const BECAUSE = 'a test of the gates'

let stand: CutoverStand | undefined
let reading: { stop(): Promise<void> } | undefined
afterEach(async () => {
  await reading?.stop()
  await stand?.stop()
  vi.unstubAllEnvs()
}, SLOW_MS)

async function start(): Promise<CutoverStand> {
  stand = await startCutoverStand(1)
  reading = read(stand)
  return stand
}

/** Somebody who reads all the time, through whatever proxy there is. */
function read(present: CutoverStand) {
  let stopped = false
  const done = (async () => {
    while (!stopped) {
      await fetch(`${present.proxyUrl()}/items`).then(
        (answer) => answer.arrayBuffer(),
        () => undefined,
      )
      await delay(20)
    }
  })()
  return {
    async stop() {
      stopped = true
      await done
    },
  }
}

const versioned = async ({ admin }: CutoverStand) => ({ expectedVersion: (await admin.routes()).version })

async function nextOf({ admin }: CutoverStand) {
  const { capabilities } = await admin.guide({ capability: CAPABILITY })
  return capabilities[0]?.next
}

async function gateOf(present: CutoverStand, id: string): Promise<GateResult> {
  const gate = (await nextOf(present))?.gates.find((one) => one.id === id)
  if (gate === undefined) throw new Error(`${id} is not asked now.`)
  return gate
}

const soakOf = async (present: CutoverStand, id: string) =>
  Number((await gateOf(present, id)).evidence['soakedMs'])

const until = <T>(look: () => Promise<T>) => vi.waitFor(look, { timeout: 60_000, interval: 200 })

/** Whatever is closed is passed: other gates are in question here. */
async function walkUntil(present: CutoverStand, step: string): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) {
    const next = await nextOf(present)
    if (next === undefined || next.step === step) return
    const override = next.gates.filter(({ state }) => state !== 'pass').map(({ id }) => id)
    const profile = next.step === 'choose' ? ({ profile: 'demo' } as const) : {}
    const asked = { capability: CAPABILITY, because: BECAUSE, override, ...profile }
    await present.admin
      .migrateNext({ ...asked, ...(await versioned(present)) })
      // One more has closed between the look and the step.
      .catch((error: { code?: string }) => {
        if (error.code !== 'STRANGLER_GATE_CLOSED') throw error
      })
  }
  throw new Error(`It does not come to ${step}.`)
}

/** Meanwhile the gate is shut, its clock stands, and the time since the step began goes on. */
async function expectStanding(present: CutoverStand, gate: string): Promise<GateResult> {
  await until(async () => expect((await gateOf(present, gate)).evidence['standsFor']).toBe(READ))
  // What a proxy has told late may still come once; a clock that goes on is never found where it was.
  for (let looks = 0; ; looks++) {
    const before = await soakOf(present, gate)
    await delay(3_500)
    const found = await gateOf(present, gate)
    if (found.evidence['soakedMs'] !== before && looks < 2) continue
    expect(found).toMatchObject({ state: 'unknown', evidence: { soakedMs: before } })
    return found
  }
}

const expectGoing = (present: CutoverStand, gate: string) =>
  until(async () =>
    expect(await gateOf(present, gate)).toMatchObject({ state: 'pass', evidence: { standsFor: null } }),
  )

it(
  'reads that went elsewhere do not soak: by an override, by a paused sync, or while the kit was away',
  async () => {
    const present = await start()
    await walkUntil(present, 'cutover')
    const gate = 'reads-soaked'
    await expectGoing(present, gate)

    const monolith = { endpoint: READ, mode: 'monolith' as const, because: BECAUSE }
    await present.admin.setRoute({ ...monolith, ...(await versioned(present)) })
    const byHand = await expectStanding(present, gate)
    expect(byHand.fix).toContain('`strangler route clear "GET /items"`')
    expect(byHand.reason).toContain('its route sends it there')
    await present.admin.clearRoute({ endpoint: READ, ...(await versioned(present)) })
    await expectGoing(present, gate)

    await present.admin.changeSync('pause', { capability: CAPABILITY, ...(await versioned(present)) })
    const paused = await expectStanding(present, gate)
    expect(paused.fix).toContain('`strangler sync resume items`')
    await present.admin.changeSync('resume', { capability: CAPABILITY, ...(await versioned(present)) })
    await expectGoing(present, gate)

    const before = await soakOf(present, gate)
    const endedAt = Date.now()
    // Nobody reads until the copy is known again: else what is missed meanwhile would stop the clock, and hide whether it counts the time away.
    await reading?.stop()
    await present.kit.stop()
    await delay(AWAY_MS)
    await present.restart()
    await until(async () =>
      expect(await present.admin.why({ method: 'GET', path: '/items' })).toMatchObject({ target: 'service' }),
    )
    reading = read(present)
    await until(async () => expect(await soakOf(present, gate)).toBeGreaterThan(before))
    await expectGoing(present, gate)
    const after = await soakOf(present, gate)
    // Of the time on the wall at least what the kit was away is missing.
    expect(after - before).toBeLessThanOrEqual(Date.now() - endedAt - AWAY_MS)
  },
  SLOW_MS,
)

it(
  'after the cut-over: who is sent to the monolith stops the soak and is named until nobody comes, and a rehearsal of before is none',
  async () => {
    const present = await start()
    await walkUntil(present, 'cutover')
    await until(async () => {
      const { obstacles } = await present.admin.rehearseCutover({ capability: CAPABILITY, to: 'service' })
      expect(obstacles).toEqual([])
    })
    expect((await gateOf(present, 'dry-run-done')).state).toBe('pass')
    await walkUntil(present, 'retire')
    await expectGoing(present, 'owned-long-enough')
    expect(await gateOf(present, 'no-caller')).toMatchObject({ state: 'pass', evidence: { requests: 0 } })

    const monolith = { endpoint: READ, mode: 'monolith' as const, because: BECAUSE }
    await present.admin.setRoute({ ...monolith, ...(await versioned(present)) })
    await expectStanding(present, 'owned-long-enough')
    const { state, fix } = await gateOf(present, 'no-caller')
    expect(state).toBe('fail')
    expect(fix).toMatch(/127\.0\.0\.1 \(GET \/items, [\d,]+ requests, sent by its route\)/)
    expect(fix).toContain('`strangler route clear "GET /items"`')
    expect(fix).toContain('`strangler migrate items retire --override no-caller --because "…"`')
    await present.admin.clearRoute({ endpoint: READ, ...(await versioned(present)) })
    // It had no way to open again while it counted for ever.
    await expectGoing(present, 'owned-long-enough')
    await until(async () => expect((await gateOf(present, 'no-caller')).state).toBe('pass'))

    await present.admin.migrateBack({
      capability: CAPABILITY,
      because: BECAUSE,
      ...(await versioned(present)),
    })
    await walkUntil(present, 'cutover')
    const rehearsed = await gateOf(present, 'dry-run-done')
    expect(rehearsed.state).toBe('unknown')
    expect(rehearsed.reason).toContain('before the owner or the copy changed')
    await present.admin.rehearseCutover({ capability: CAPABILITY, to: 'service' })
    expect((await gateOf(present, 'dry-run-done')).state).toBe('pass')
  },
  SLOW_MS,
)

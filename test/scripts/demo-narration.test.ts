import { expect, test } from 'vitest'
import { createWaitTeller, longestHold, tellUndoing, tellUndone } from '../../scripts/demo/narrate.ts'
import { holdP99, noteHolds } from '../../scripts/demo/note-holds.ts'
import type { Seen } from '../../scripts/demo/shoppers.ts'
import { describeTraffic } from '../../scripts/demo/show-traffic.ts'
import { sayVerified } from '../../scripts/demo/verify-in-ci.ts'
import { sendSwitch, watchSwitch } from '../../scripts/demo/watch-switch.ts'
import { countDecisions, type DemoReport, isAsPromised } from '../../scripts/demo/write-report.ts'
import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import { StranglerError } from '../../strangler/core/errors.ts'

/** What is said, without the breaks of its lines. */
function listen(tell: (say: (line: string) => void) => void): string {
  const lines: string[] = []
  tell((line) => void lines.push(line.trim()))
  return lines.join(' ')
}

test('holds that were undone and tried again are told, with how long they were', () => {
  expect(listen((say) => tellUndone(say, [650, 702]))).toContain(
    'Before that 2 holds were undone and tried again (650 ms, 702 ms)',
  )
  expect(listen((say) => tellUndone(say, [650]))).toContain('1 hold was undone')
  expect(listen((say) => tellUndone(say, []))).toBe('')
  expect(listen((say) => tellUndone(say, undefined))).toBe('')
})

test('a cut-over that the demo asks for again is told with its reason, and a gate that has closed is not', () => {
  const undone = new StranglerError('STRANGLER_CUTOVER_UNDONE', 'It was undone after 4012 ms: drain.')
  expect(listen((say) => tellUndoing(say, undone))).toContain('undone after 4012 ms: drain. Nothing is lost')
  const closed = new StranglerError('STRANGLER_GATE_CLOSED', 'lag-low')
  expect(listen((say) => tellUndoing(say, closed))).toBe('')
})

test('the report counts the holds that were tried again', () => {
  const cutover = { capability: 'inventory', cutoverId: 'c-1' } as const
  const moved = { kind: 'owner.changed', ...cutover, owner: 'service', epoch: 4 } as const
  const aborted = { kind: 'cutover.aborted', ...cutover } as const
  expect(countDecisions([aborted, aborted, moved])).toEqual({ holdsRetried: 2, cutovers: 1, overridden: 0 })
})

test('the exit code says whether the demo has shown what it is there to show', () => {
  const good: DemoReport = {
    ...{ requests: 900, failed: 0, comparisons: 700, netMismatch: 0, rowsVerified: 1_500, diverged: 0 },
    ...{ holdP99Ms: 200, strayWrites: 0, stage: 'retired', step: 'retire', ordersStage: 'shadow' },
    ...{ holdsRetried: 2, cutovers: 3, overridden: 0, stoppedBy: null },
  }
  expect(isAsPromised(good)).toBe(true)
  for (const field of ['failed', 'diverged', 'strayWrites', 'overridden'])
    expect(isAsPromised({ ...good, [field]: 1 }), field).toBe(false)
  expect(isAsPromised({ ...good, stoppedBy: 'lag-low: ' })).toBe(false)
})

test('the report says how long writes waited, also where none came during a hold', async () => {
  const answers = [{}, { heldMs: 185 }, { heldMs: 227, undoneMs: [650] }]
  const asked = { migrateNext: async () => answers.shift(), migrateBack: async () => answers.shift() }
  const { client, holds } = noteHolds(asked as unknown as AdminClient)
  const order = { capability: 'orders', expectedVersion: 1 }
  for (const command of [client.migrateNext, client.migrateNext, client.migrateBack]) await command(order)
  expect(holds).toEqual([185, 650, 227])
  expect(holdP99([], holds)).toBe(650)
  expect(holdP99([9, 120, 30], holds)).toBe(120)
  expect(holdP99([], [])).toBeNull()
})

test('the table of the traffic says what its percentages are of', () => {
  const seen: [string, Seen][] = [['GET /a', { bySide: { monolith: 3, service: 1 }, failed: 0 }]]
  const totals = { requests: 4, failed: 0, lastFailure: undefined }
  const lines = describeTraffic(new Map(seen), totals, 10_000)
  expect(lines[0]).toMatch(/monolith {2}75 % {2}service {2}25 %$/)
  expect(lines.slice(1)).toEqual([
    '  (of the answers that the endpoint gave in the last 10 seconds: how many each side gave)',
    '  4 requests so far, 0 failed',
  ])
  expect(describeTraffic(new Map(seen), totals, 1_000)[1]).toContain('in the last second')
})

test('no write waited for longer than the longest hold, also of those that were undone', () => {
  expect(longestHold({ heldMs: 617, undoneMs: [787, 12] })).toBe(787)
  expect(longestHold({ heldMs: 617 })).toBe(617)
})

test('a first failure of a contract is told with why it is no alarm, and a pass without', () => {
  const endpoints = [{ endpoint: 'GET /api/orders/:id', outcome: 'passed' as const, requests: 3 }]
  const report = { target: 'http://127.0.0.1:1', build: 'orders-1', pass: true, endpoints, failures: [] }
  expect(sayVerified(report)).toMatch(
    /3 requests at 1 endpoint, those of the contract that only read: all answered as the monolith does\.$/,
  )
  const failure = {
    ...{ endpoint: 'GET /api/orders/:id', status: 200, path: '$.reservationId' },
    ...{ expected: 'string', found: 'null' },
  }
  const said = sayVerified({ ...report, pass: false, failures: [failure] })
  expect(said).toContain('$.reservationId should be string, and is null. That is to be expected')
  expect(said).toContain('a bug of the service would go on failing')
})

test('a step that waits says for what, once it has been silent for five seconds, and again when that has changed', () => {
  let now = 0
  const gate = (id: string) => ({
    id,
    state: 'fail' as const,
    reason: `${id} is shut.`,
    evidence: {},
    fix: '',
  })
  const lines: string[] = []
  const tell = createWaitTeller(
    (line) => void lines.push(line.trim()),
    () => now,
  )
  const at = (ms: number, ...ids: string[]) => {
    now = ms
    tell(ids.map(gate))
  }
  at(1_000, 'lag-low')
  expect(lines).toEqual([])
  at(5_100, 'lag-low', 'log-short')
  at(6_000, 'lag-low')
  expect(lines).toEqual(['… it waits for lag-low, log-short. lag-low: lag-low is shut.'])
  at(26_000, 'lag-low', 'log-short')
  at(47_000, 'dry-run-done')
  expect(lines.slice(1)).toEqual([
    '… still lag-low, log-short. lag-low: lag-low is shut.',
    '… it waits for dry-run-done: dry-run-done is shut.',
  ])
})

test('the signal of another terminal is told once the monolith has heard it, with what is waited for', async () => {
  let log = '{"app":"monolith","listening":"http://127.0.0.1:1"}'
  const lines: string[] = []
  const watch = watchSwitch({ readLog: async () => log }, (line) => void lines.push(line.trim()))
  try {
    log += '\n{"app":"monolith","received":"SIGUSR2","coupling":"endpoints"}'
    await expect.poll(() => lines.join(' ')).toContain('kill -USR2: the monolith has received it.')
    expect(lines.join(' ')).toContain('writers-moved waits until none was seen')
  } finally {
    watch.stop()
  }
})

test('the demo says that its signal was received only when the monolith has said so', async () => {
  let log = '{"app":"monolith","received":"SIGUSR2"}'
  const monolith = { pid: 7, readLog: async () => log }
  const lines: string[] = []
  const say = (line: string) => void lines.push(line.trim())
  await sendSwitch(monolith, { say, send: () => undefined, withinMs: 100 })
  expect(lines.splice(0).join(' ')).toContain('kill -USR2 7: the monolith has not said yet')
  const send = () => {
    log += '\n{"app":"monolith","received":"SIGUSR2"}'
  }
  await sendSwitch(monolith, { say, send })
  expect(lines.join(' ')).toContain('kill -USR2 7: the monolith has received it.')
})

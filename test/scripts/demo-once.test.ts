import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DemoReport, isAsPromised } from '../../scripts/demo/write-report.ts'
import { STEPS } from '../../strangler/guide/plan.ts'
import { requireProgram, sayMissing } from '../support/optional.ts'
import { findStarvation } from './find-starvation.ts'

const DEMO = join(import.meta.dirname, '../../scripts/demo.ts')
/** Sixty shoppers: somebody is among the first tenth of a canary, and a small machine carries them. */
const ROWS = '1800'
/** What a write waits at most, as the README says. */
const README_HOLD_MS = 5_000
/** Two minutes where nothing else runs; the gates of a step may take four until a busy machine has calmed down. */
const LONGEST_MS = 1_200_000
/** What a machine that is too busy keeps shut; a build or a guarantee that is broken shuts others. */
const PATIENCE =
  /^(proxy-cost|lag-low|log-short|latency|coverage|reads-soaked|canary-long-enough|dry-run-done): |undone/
const MOST_STARTS = 3
const ERRORS_SHOWN = 5

const mariadb = await requireProgram('mariadb')

let directory: string
let running: ChildProcess | undefined
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'strangler-once-'))
  // Where root runs this the MariaDB server is somebody else.
  await chmod(directory, 0o711)
})
afterEach(async () => {
  // A test that was given up leaves none behind.
  if (running?.exitCode === null && running.signalCode === null) {
    running.kill('SIGINT')
    await once(running, 'exit')
  }
  await rm(directory, { recursive: true, force: true })
})

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function runDemo(more: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [DEMO, '--once', '--json', '--rows', ROWS, ...more], {
    env: { ...process.env, STRANGLER_DIRECTORY: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running = child
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      said[name] += chunk
    })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...said }
}

/** Nothing but one line of JSON is on standard output; whoever reads a failure sees what the demo has told. */
function readReport({ stdout, stderr }: Ended): DemoReport {
  expect(stdout, stderr.slice(-3_000)).toMatch(/^\{.*\}\n$/)
  return JSON.parse(stdout) as DemoReport
}

/** What the shop's programs have logged as errors: the folder goes with the test. */
async function readErrors(): Promise<string[]> {
  const logs = ['monolith', 'inventory', 'orders'].map((name) =>
    readFile(join(directory, 'shop-logs', `${name}.log`), 'utf8').catch(() => ''),
  )
  const lines = (await Promise.all(logs)).join('\n').split('\n')
  return lines.filter((line) => line.startsWith('{"level":50')).slice(-ERRORS_SHOWN)
}

interface Tour {
  readonly report: DemoReport
  /** Of this start and those that stopped before, in the same folder. */
  readonly told: string
  readonly holds: readonly number[]
  readonly requests: number
}

/**
 * Starts it until it has come to its end, as somebody would whose machine was too busy: after a stop where it has stopped, and anew where the machine
 * answered nobody for a while. Rows and gates must be right at any speed; without such a reason so must be all else, at once.
 */
async function runToTheEnd(more: readonly string[]): Promise<Tour> {
  let told = ''
  let holds: number[] = []
  let requests = 0
  for (let start = 1; ; start += 1) {
    const ended = await runDemo(more)
    const report = readReport(ended)
    told += ended.stderr
    holds = [...holds, ...(report.holdP99Ms === null ? [] : [report.holdP99Ms])]
    requests += report.requests
    const found = [told, ended.stdout, ...(await readErrors())].join('\n')
    expect(report, found).toMatchObject({ netMismatch: 0, diverged: 0, strayWrites: 0, overridden: 0 })
    expect(ended.code, found).toBe(isAsPromised(report) ? 0 : 1)
    if (isAsPromised(report) || start === MOST_STARTS) return { report, told, holds, requests }
    if (report.failed > 0) {
      const starved = findStarvation(await readFile(join(directory, 'access.log'), 'utf8'))
      expect(starved, found).toBeDefined()
      console.log(`Start ${start}: ${report.failed} have failed on a starved machine`, starved)
      await rm(directory, { recursive: true, force: true })
      await mkdir(directory, { mode: 0o711 })
      ;[told, holds, requests] = ['', [], 0]
    } else {
      expect(report.stoppedBy, found).toMatch(PATIENCE)
      console.log(`Start ${start} was stopped, and it goes on from there: ${report.stoppedBy}`)
    }
  }
}

const FIELDS = [
  ...['requests', 'failed', 'comparisons', 'netMismatch', 'rowsVerified', 'diverged', 'holdP99Ms'],
  ...['strayWrites', 'stage', 'step', 'ordersStage', 'holdsRetried', 'cutovers', 'overridden', 'stoppedBy'],
]

async function expectReport(more: readonly string[]): Promise<void> {
  const { report, told, holds, requests } = await runToTheEnd(more)
  console.log(JSON.stringify(report))
  expect(Object.keys(report).sort()).toEqual([...FIELDS].sort())
  expect(report, told).toMatchObject({
    ...{ failed: 0, netMismatch: 0, diverged: 0, strayWrites: 0, overridden: 0, stoppedBy: null },
    ...{ stage: 'retired', step: 'retire', ordersStage: 'shadow', cutovers: 3 },
  })
  expect(requests).toBeGreaterThan(500)
  expect(report.comparisons).toBeGreaterThan(500)
  expect(report.rowsVerified).toBeGreaterThan(1_000)
  expect(report.holdsRetried).toBeGreaterThanOrEqual(0)
  expect(holds).not.toEqual([])
  for (const holdMs of holds) expect(holdMs).toBeLessThan(README_HOLD_MS)
  STEPS.forEach(({ id }, index) => {
    expect(told).toContain(`── inventory · step ${index + 1} of ${STEPS.length} · ${id}`)
  })
  const inOrder =
    /The service owns the orders now[\s\S]*The monolith owns the orders again[\s\S]*step 9 of 9[\s\S]*✓ no-caller/
  expect(told).toMatch(inOrder)
  const pid = Number(await readFile(join(directory, 'monolith.pid'), 'utf8'))
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
}

test(
  'everything is moved, the orders come back, the old side is retired, and the report says what that has cost',
  () => expectReport([]),
  LONGEST_MS,
)

test.skipIf(mariadb === undefined)(
  `the same with the monolith's data in a MariaDB${sayMissing('mariadb')}`,
  () => expectReport(['--db', 'mariadb']),
  LONGEST_MS,
)

test('a machine is called starved by what no step touches, and not by what the kit has made slow', () => {
  const line = (path: string, durationMs: number) =>
    `${JSON.stringify({ time: '2026-11-26T12:00:01.000Z', path, durationMs })}\n`
  const quick = line('/api/catalogue/products/A', 20).repeat(9)
  expect(findStarvation(quick + line('/api/orders', 12_000).repeat(50))).toBeUndefined()
  expect(findStarvation(quick + line('/api/catalogue/products/A', 4_000))).toBeUndefined()
  expect(findStarvation(line('/api/catalogue/products/A', 3_300).repeat(5))).toMatchObject({
    medianMs: 3_300,
  })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DemoReport, isAsPromised } from '../../scripts/demo/write-report.ts'
import { STEPS } from '../../strangler/guide/plan.ts'
import { requireProgram, sayMissing } from '../support/optional.ts'

const DEMO = join(import.meta.dirname, '../../scripts/demo.ts')
/** Sixty shoppers: somebody is among the first tenth of a canary, and a small machine carries them. */
const ROWS = '1800'
/** What a write waits at most, as the README says. */
const README_HOLD_MS = 5_000
/** Two minutes where nothing else runs; the gates of a step may take four until a busy machine has calmed down. */
const LONGEST_MS = 900_000
/** What only a machine that is too busy keeps shut; a build or a guarantee that is broken shuts others. */
const PATIENCE =
  /^(proxy-cost|lag-low|log-short|latency|coverage|reads-soaked|canary-long-enough|dry-run-done): |undone/
const MOST_STARTS = 3

const mariadb = await requireProgram('mariadb')

let directory: string
let running: ChildProcess | undefined
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'strangler-once-'))
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

async function runDemo(...more: string[]): Promise<Ended> {
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
  const told = stderr.slice(-3_000)
  expect(stdout, told).toMatch(/^\{.*\}\n$/)
  return JSON.parse(stdout) as DemoReport
}

/**
 * Starts it until it comes to its end, each time where the last one has stopped: as somebody would whose machine was busy. What must hold at any
 * speed must hold of every start.
 */
async function runToTheEnd(...more: string[]): Promise<{ reports: DemoReport[]; told: string }> {
  const reports: DemoReport[] = []
  let told = ''
  for (let start = 1; start <= MOST_STARTS; start += 1) {
    const ended = await runDemo(...more)
    const report = readReport(ended)
    reports.push(report)
    told += ended.stderr
    const { stoppedBy } = report
    expect(isAsPromised({ ...report, stoppedBy: null }), `${told}\n${ended.stdout}`).toBe(true)
    expect(ended.code, told).toBe(stoppedBy === null ? 0 : 1)
    if (stoppedBy === null) break
    expect(stoppedBy, told).toMatch(PATIENCE)
    console.log(`Start ${start} was stopped, and is begun again: ${stoppedBy}`)
  }
  return { reports, told }
}

const FIELDS = [
  ...['requests', 'failed', 'comparisons', 'netMismatch', 'rowsVerified', 'diverged', 'holdP99Ms'],
  ...['strayWrites', 'stage', 'step', 'ordersStage', 'holdsRetried', 'cutovers', 'overridden', 'stoppedBy'],
]

async function expectReport(more: readonly string[]): Promise<void> {
  const { reports, told } = await runToTheEnd(...more)
  const report = reports.at(-1)!
  console.log(`${more.join(' ')} ${JSON.stringify(report)}`)
  expect(Object.keys(report).sort()).toEqual([...FIELDS].sort())
  expect(report).toMatchObject({
    ...{ failed: 0, netMismatch: 0, diverged: 0, strayWrites: 0, overridden: 0, stoppedBy: null },
    ...{ stage: 'retired', step: 'retire', ordersStage: 'shadow', cutovers: 3 },
  })
  const requests = reports.reduce((sum, one) => sum + one.requests, 0)
  expect(requests).toBeGreaterThan(500)
  expect(report.comparisons).toBeGreaterThan(400)
  expect(report.rowsVerified).toBeGreaterThan(500)
  expect(report.holdsRetried).toBeGreaterThanOrEqual(0)
  const holds = reports.flatMap(({ holdP99Ms }) => holdP99Ms ?? [])
  expect(holds).not.toEqual([])
  expect(Math.max(...holds)).toBeLessThan(README_HOLD_MS)
  STEPS.forEach(({ id }, index) => {
    expect(told).toContain(`── inventory · step ${index + 1} of ${STEPS.length} · ${id}`)
  })
  const inOrder = /The service owns the orders now[\s\S]*The monolith owns the orders again[\s\S]*✓ no-caller/
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

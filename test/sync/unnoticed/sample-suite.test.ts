import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CAPTURE_VARIABLE, DIALECT_VARIABLE } from '../../sample/capture-shop.ts'
import { requireProgram, sayMissing } from '../../support/optional.ts'

const mariadbd = await requireProgram('mariadb')
const LONG_MS = 300_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strangler-unnoticed-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Outcome {
  readonly code: number | null
  readonly output: string
  readonly report: { readonly numPassedTests: number; readonly numFailedTests: number }
  /** A line for each shop: how many changes were logged, and on how many of its tables the triggers still were at the end. */
  readonly shops: readonly string[]
}

/** The shop's own tests in a process of their own, every table of every shop captured. */
async function runSample(dialect: 'postgres' | 'mariadb', args: readonly string[]): Promise<Outcome> {
  const file = join(folder, `${dialect}.txt`)
  const json = join(folder, `${dialect}.json`)
  const program = join(import.meta.dirname, '../../../node_modules/vitest/vitest.mjs')
  const vitest = [
    program,
    'run',
    '--reporter=dot',
    '--reporter=json',
    `--outputFile.json=${json}`,
    '--testTimeout=60000',
    ...args,
  ]
  const child = spawn(process.execPath, vitest, {
    env: { ...process.env, [CAPTURE_VARIABLE]: file, [DIALECT_VARIABLE]: dialect },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)))
  const [code] = (await once(child, 'close')) as [number | null]
  const report = JSON.parse(await readFile(json, 'utf8')) as Outcome['report']
  return { code, output, report, shops: (await readFile(file, 'utf8')).trim().split('\n') }
}

const changesOf = (shops: readonly string[]) =>
  shops.reduce((sum, line) => sum + Number(line.split(' ')[0]), 0)
const files = (...names: string[]) => names.map((name) => `test/sample/${name}.test.ts`)

/** What tests the shop; on PostgreSQL some of them test the services, too, which know nothing else. */
const ALONE = ['catalogue', 'inventory', 'live', 'orders', 'reports', 'reservations', 'users', 'writers']

describe('the monolith notices nothing', () => {
  test(
    'its own tests pass with every table captured on PostgreSQL',
    async () => {
      const names = [...ALONE, 'endpoint-writers']
      const { code, output, report, shops } = await runSample('postgres', files(...names))
      expect(code, output.slice(-4_000)).toBe(0)
      expect(report.numPassedTests).toBeGreaterThan(100)
      expect(shops.filter((line) => !line.endsWith('12 of 12'))).toEqual([])
      expect(changesOf(shops)).toBeGreaterThan(1_000)
    },
    LONG_MS,
  )

  test.skipIf(mariadbd === undefined)(
    `its own tests pass with every table captured on MariaDB${sayMissing('mariadb')}`,
    async () => {
      const { code, output, report, shops } = await runSample('mariadb', files(...ALONE, 'mariadb'))
      expect(code, output.slice(-4_000)).toBe(0)
      expect(report.numPassedTests).toBeGreaterThan(70)
      expect(shops.filter((line) => !line.endsWith('12 of 12'))).toEqual([])
      expect(changesOf(shops)).toBeGreaterThan(500)
    },
    LONG_MS,
  )
})

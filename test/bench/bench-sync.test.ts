import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { requireProgram } from '../support/optional.ts'

const redis = await requireProgram('redis')
const mariadbd = await requireProgram('mariadb')
const SHORTEST = ['--rows', '6000', '--seconds', '1', '--rounds', '1', '--writes', '20', '--changes', '500']

const FIGURES = [
  ...['changesPerSecond', 'lagP50Ms', 'lagP99Ms', 'backfillRowsPerSecond', 'backfillVsCopy'],
  ...['verifyRowsPerSecond', 'writeP50Overhead', 'recoverAfterFlushMs', 'recoverAfterKillMs', 'rssGrowthMiB'],
]

test.skipIf(redis === undefined)(
  'the benchmark of the sync prints every figure, of two servers that were the same at the end',
  async () => {
    const args = ['bench/main.ts', 'sync', '--json', ...SHORTEST]
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 24 })
    const report = JSON.parse(stdout)
    for (const figure of FIGURES) expect(report[figure], figure).toBeTypeOf('number')
    expect(report.backfillRowsPerSecond, stderr).toBeGreaterThan(0)
    expect(report.verifyRowsPerSecond).toBeGreaterThan(0)
    expect(report.drainPerSecond).toBeGreaterThan(0)
    if (mariadbd !== undefined) expect(report.mariadb.writeP50Overhead).toBeTypeOf('number')
    expect(report.options).toMatchObject({ rows: 6_000 })
  },
  180_000,
)

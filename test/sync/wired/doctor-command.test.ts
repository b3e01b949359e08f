import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runMain } from '../../cli/run-strangler.ts'
import { type ShopStand, startShop, TOKEN } from './shop-stand.ts'

const SLOW_MS = 60_000
let stand: ShopStand
let folder: string

beforeAll(async () => {
  vi.stubEnv('STRANGLER_NO_REDIS', '1')
  vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
  vi.stubEnv('STRANGLER_VIEWER_TOKEN', 'viewer-token-for-the-sync')
  folder = await mkdtemp(join(tmpdir(), 'strangler-doctor-'))
  stand = await startShop({ role: 'sync' })
}, SLOW_MS)
afterAll(async () => {
  await stand.stop()
  await rm(folder, { recursive: true, force: true })
})

const ask = (...args: string[]) =>
  runMain(['doctor', ...args], {
    STRANGLER_ADMIN_URL: stand.kit.adminUrl ?? '',
    STRANGLER_TOKEN: 'viewer-token-for-the-sync',
  })

describe('strangler doctor', () => {
  it('asks the kit that runs, as a viewer, and ends with 0 when nothing blocks', async () => {
    const { code, stdout, stderr } = await ask('stock')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      /^stock \(product, stock\): 0 that block, \d+ warnings, \d+ notes|nothing was found/,
    )
  })

  it('explains what blocks with its reason and mend, and ends with 3', async () => {
    const { code, stdout, stderr } = await ask()
    expect(code).toBe(3)
    expect(stdout).toContain('blocks  KEY_MISSING at monolith: ')
    expect(stdout).toContain('  What to do: Add a primary key to no_key.')
    expect(stdout).toContain('blocks  DATABASE_NOT_NAMED at bare: the database of the side bare is not named')
    expect(stderr).toMatch(/STRANGLER_SYNC_REFUSED: .* findings block the sync/)
  })

  it('does not know a capability that is not there, and ends with 2', async () => {
    expect((await ask('stok')).code).toBe(2)
  })

  it('reads the configuration and opens the databases itself, without a kit', async () => {
    const url = (pool: ShopStand['monolith']) => pool.options.connectionString
    const file = join(folder, 'strangler.config.ts')
    const side = (database: unknown) => ({ url: 'http://127.0.0.1:1', database })
    const config = {
      sides: { monolith: side(url(stand.monolith)), notes: side(url(stand.service)) },
      capabilities: { notes: { endpoints: ['GET /notes'], tables: ['no_key', 'product'] } },
    }
    await writeFile(file, `export default ${JSON.stringify(config)}`)
    const { code, stdout } = await runMain(['doctor', '--config', file, '--json'], {})
    expect(code).toBe(3)
    const [notes] = JSON.parse(stdout).capabilities
    const codes = notes.findings.map((finding: { code: string; severity: string }) => finding.code)
    expect(codes.slice(0, 3)).toEqual(['KEY_MISSING', 'KEY_MISSING', 'MAPPING_UNFIT'])
    // What install refuses for is the same.
    await expect(stand.command('install', 'notes')).rejects.toMatchObject({
      details: { findings: expect.arrayContaining([expect.objectContaining({ code: 'KEY_MISSING' })]) },
    })
  })
})

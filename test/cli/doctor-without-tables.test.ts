import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import { type Kit, startKit } from '../../strangler/kit.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { runMain } from './run-strangler.ts'

const TOKEN = 'operator-token-of-the-doctor'
const CAPABILITIES = { articles: { service: 'articles', endpoints: ['GET /articles', 'GET /articles/:id'] } }

describe('strangler doctor, where no capability has tables', () => {
  let folder: string
  let monolith: Server
  let url: string
  let written = 0

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'strangler-doctor-'))
    monolith = createServer((_req, res) => res.end()).listen(0, '127.0.0.1')
    await once(monolith, 'listening')
    url = `http://127.0.0.1:${(monolith.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    monolith.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** @param articles the service's address */
  async function diagnose(articles: string, ports: { proxy: number; admin: number }, ...more: string[]) {
    // A new name each time: Node loads a module once.
    const file = join(folder, `${++written}.config.mjs`)
    const config = {
      sides: { monolith: url, articles },
      capabilities: CAPABILITIES,
      proxy: { port: ports.proxy },
      admin: { port: ports.admin },
    }
    await writeFile(file, `export default ${JSON.stringify(config)}`)
    return runMain(['doctor', '--config', file, ...more], {})
  }

  it('says what it has looked at instead, and what comes next', async () => {
    const { code, stdout } = await diagnose(url, { proxy: 0, admin: 0 })
    expect(code).toBe(0)
    expect(stdout).toContain('No capability has tables, so there is nothing to sync.')
    expect(stdout).toContain('✓ configuration: 1 capability with 2 endpoints, and no table')
    expect(stdout).toContain(`✓ side monolith: something listens at ${new URL(url).host}`)
    expect(stdout).toMatch(/✓ control database: an embedded one, kept in /)
    expect(stdout).toContain('→ `strangler start` starts the proxy and the admin API.')
  })

  it('tells a side that does not answer and a port that is taken, and names what to see to first', async () => {
    const taken = (monolith.address() as AddressInfo).port
    const { stdout } = await diagnose('http://127.0.0.1:1', { proxy: taken, admin: 0 }, '--json')
    const { looked, next } = JSON.parse(stdout)
    const bad = looked.filter(({ isGood }: { isGood: boolean }) => !isGood)
    expect(bad).toEqual([
      { what: 'side articles', isGood: false, found: 'nothing answers at 127.0.0.1:1' },
      { what: 'port of the proxy', isGood: false, found: `${taken} is taken by another program` },
    ])
    expect(next).toBe('See to the side articles first.')
  })

  describe('beside a kit that runs', () => {
    let kit: Kit
    let control: TestDatabase
    beforeAll(async () => {
      vi.stubEnv('STRANGLER_OPERATOR_TOKEN', TOKEN)
      control = await createTestDatabase('control')
      const config = checkConfig({
        sides: { monolith: url, articles: url },
        capabilities: CAPABILITIES,
        control: { url: control.url },
        directory: join(folder, 'kit'),
      })
      kit = await startKit(config, { proxyPort: 0, adminPort: 0, logFile: join(folder, 'kit.log') })
    }, 60_000)
    afterAll(async () => {
      await kit?.stop()
      await control?.drop()
      vi.unstubAllEnvs()
    })

    it('asks that kit, which has launched no Redis, and says where the guide goes on', async () => {
      expect(kit.description.join('\n')).toContain('no Redis (no capability has tables)')
      const environment = { STRANGLER_ADMIN_URL: kit.adminUrl ?? '', STRANGLER_TOKEN: TOKEN }
      const { code, stdout } = await runMain(['doctor', '--directory', folder], environment)
      expect(code).toBe(0)
      expect(stdout).toMatch(
        /✓ kit: it runs with 1 proxy, and its control database answers \(version 0 of the journal\)/,
      )
      expect(stdout).toContain('→ `strangler guide')
    })
  })
})

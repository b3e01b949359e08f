import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findFreePort } from '../../strangler/infra/free-port.ts'
import { removePostgresDirectory } from '../../strangler/infra/postgres-directory.ts'
import { type Running, startStrangler } from '../cli/run-strangler.ts'
import { canConnect } from '../conformance/tools/can-connect.ts'
import { waitUntil } from '../conformance/tools/wait-until.ts'
import { type CountingSide, isAlive, type KitFolder, makeKitFolder, startSide } from './kit-stand.ts'

const SLOW_MS = 60_000

let side: CountingSide
let taken: Server
let kit: KitFolder
let proxyPort: number

beforeEach(async () => {
  side = await startSide('monolith')
  taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  proxyPort = await findFreePort()
  // Without `control.url`: a PostgreSQL is started on the way, and has to go again.
  kit = await makeKitFolder(configOf())
})
afterEach(async () => {
  await removePostgresDirectory(join(kit.directory, 'postgres'))
  await kit.remove()
  await side.stop()
  taken.close()
})

const configOf = (mistake: object = {}) => ({ sides: { monolith: side.url, items: side.url }, ...mistake })
const takenPort = () => String((taken.address() as AddressInfo).port)

/** Starts a kit that cannot start, and watches which processes it starts on its way. */
async function startInVain(args: readonly string[], env: Record<string, string> = {}) {
  const running = startStrangler(['start', ...args], {
    cwd: kit.folder,
    env: { STRANGLER_NO_REDIS: '1', ...env },
  })
  const seen = new Set<number>()
  let over = false
  const ended = running.ended.finally(() => {
    over = true
  })
  while (!over) {
    for (const pid of await descendantsOf(running)) seen.add(pid)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return { ...(await ended), started: [...seen] }
}

async function descendantsOf({ child }: Running): Promise<number[]> {
  const found: number[] = []
  const open = [child.pid as number]
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
    const pids = children
      .split(/\s+/)
      .filter((part) => part !== '')
      .map(Number)
    found.push(...pids)
    open.push(...pids)
  }
  return found
}

interface Mistake {
  readonly code: string
  /** What the message names, and what mends it. */
  readonly names: string
  readonly mend: string
  readonly make?: () => Promise<void> | void
  readonly args?: () => string[]
  /** The mistake is found after a PostgreSQL was started. */
  readonly late?: true
}

const writeConfig = (content: string) => writeFile(join(kit.folder, 'strangler.config.mjs'), content)
const writeMistake = (mistake: object) => writeConfig(`export default ${JSON.stringify(configOf(mistake))}`)

const MISTAKES: Readonly<Record<string, Mistake>> = {
  'an unknown key': {
    ...{
      code: 'STRANGLER_CONFIG_INVALID',
      names: '`capabilites` in strangler.config.mjs is {}',
      mend: 'docs/reference/config.md',
    },
    make: () => writeMistake({ capabilites: {} }),
  },
  'a wrong value': {
    ...{
      code: 'STRANGLER_CONFIG_INVALID',
      names: '`sides.monolith` in strangler.config.mjs is "http://localhost:3000/shop"',
      mend: 'rewritePath',
    },
    make: () => writeMistake({ sides: { monolith: 'http://localhost:3000/shop' } }),
  },
  'two templates that tie': {
    ...{ code: 'STRANGLER_ENDPOINT_TIE', names: 'GET /items/:sku', mend: 'more specific' },
    make: () =>
      writeMistake({ capabilities: { items: { endpoints: ['GET /items/:id', 'GET /items/:sku'] } } }),
  },
  'a side that does not answer': {
    ...{ code: 'STRANGLER_SIDE_UNREACHABLE', names: 'sides.items', mend: '--allow-unreachable' },
    make: () => writeMistake({ sides: { monolith: side.url, items: 'http://127.0.0.1:9' } }),
  },
  'a configuration that is no JavaScript': {
    ...{ code: 'STRANGLER_CONFIG_INVALID', names: 'strangler.config.mjs', mend: 'node strangler.config' },
    make: () => writeConfig('export default {{'),
  },
  'a configuration that exports nothing': {
    ...{ code: 'STRANGLER_CONFIG_INVALID', names: 'no default export', mend: 'export default defineConfig' },
    make: () => writeConfig('export const config = {}'),
  },
  'no configuration': {
    ...{ code: 'STRANGLER_CONFIG_NOT_FOUND', names: 'strangler.config.ts', mend: '--config' },
    make: () => rm(join(kit.folder, 'strangler.config.mjs')),
  },
  'a configuration that is named wrongly': {
    ...{ code: 'STRANGLER_CONFIG_NOT_FOUND', names: 'missing.ts', mend: '--config' },
    args: () => ['--config', 'missing.ts'],
  },
  'a port of the proxy that is taken': {
    ...{ code: 'STRANGLER_PORT_IN_USE', names: 'The proxy', mend: '--port', late: true },
    args: () => ['--port', takenPort(), '--admin-port', '0'],
  },
  'a port of the admin API that is taken': {
    ...{ code: 'STRANGLER_PORT_IN_USE', names: 'The admin API', mend: '--admin-port', late: true },
    args: () => ['--port', String(proxyPort), '--admin-port', takenPort()],
  },
}

describe('strangler start', () => {
  it(
    'refuses a second proxy of the same name in one directory, and takes the name of a killed one over',
    async () => {
      const first = await kit.start()
      const second = await startInVain(['--role', 'proxy', '--port', '0', '--admin-port', '0'], {
        // Beside the first one’s PostgreSQL no other could be started.
        STRANGLER_CONTROL_URL: 'postgres://nobody@127.0.0.1:9/none',
      })
      expect(second.code).toBeGreaterThan(0)
      expect(second.stderr).toMatch(/^STRANGLER_NAME_IN_USE: [^\n]+\n$/)
      expect(second.stderr).toContain(`process ${first.pid}`)
      expect((await first.admin.proxies()).proxies).toHaveLength(1)
      await first.kill()
      expect(await (await kit.start()).stop()).toBe(0)
    },
    SLOW_MS,
  )

  it.each(Object.entries(MISTAKES))(
    'with %s says so in one paragraph with the mend, fails, and leaves nothing running',
    async (_, { code, names, mend, make, args, late }) => {
      await make?.()
      const result = await startInVain(args?.() ?? ['--port', String(proxyPort), '--admin-port', '0'])
      expect(result.code).toBeGreaterThan(0)
      expect(result.stderr).toMatch(/^STRANGLER_[A-Z_]+: [^\n]+\n$/)
      expect(result.stderr.startsWith(`${code}: `)).toBe(true)
      expect(result.stderr).toContain(names)
      expect(result.stderr).toContain(mend)
      expect(await canConnect(proxyPort)).toBe(false)
      if (late === true) expect(result.started.length, 'nothing was started on the way').toBeGreaterThan(0)
      const living = async () => (await Promise.all(result.started.map(isAlive))).filter(Boolean)
      await waitUntil(async () => (await living()).length === 0, 'all that it has started is gone')
    },
    SLOW_MS,
  )

  it(
    'would be seen to leave something running: a kit that runs has processes, and a port',
    async () => {
      const running = await kit.start()
      expect(await canConnect(Number(new URL(running.proxyUrl).port))).toBe(true)
      const started = await descendantsOf(running.running)
      expect((await Promise.all(started.map(isAlive))).some(Boolean)).toBe(true)
      expect(await running.stop()).toBe(0)
    },
    SLOW_MS,
  )
})

import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RunningAdmin, startAdmin, TOKENS } from '../admin/start-admin.ts'
import { runStrangler } from './run-strangler.ts'

let admin: RunningAdmin
let folder: string

beforeAll(async () => {
  admin = await startAdmin()
})
afterAll(() => admin.stop())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strangler-cli-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function writeKitFiles(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'admin.json'), JSON.stringify({ url: admin.url, pid: process.pid }))
  await writeFile(join(directory, 'tokens.json'), JSON.stringify(TOKENS))
}

const list = (args: readonly string[] = [], env: Record<string, string> = {}) =>
  runStrangler(['route', 'list', ...args], { cwd: folder, env })

describe('a command finds the admin API and its token', () => {
  it('in .strangler of the working directory', async () => {
    await writeKitFiles(join(folder, '.strangler'))
    expect(await list()).toMatchObject({ code: 0, stderr: '' })
  })

  it('in the directory that the option or the environment names', async () => {
    const directory = join(folder, 'elsewhere')
    await writeKitFiles(directory)
    expect((await list(['--directory', directory])).code).toBe(0)
    expect((await list([], { STRANGLER_DIRECTORY: directory })).code).toBe(0)
  })

  it('in the directory that the configuration names', async () => {
    await writeKitFiles(join(folder, 'kept-here'))
    const config = { sides: { monolith: 'http://127.0.0.1:3000' }, directory: 'kept-here' }
    await writeFile(join(folder, 'strangler.config.mjs'), `export default ${JSON.stringify(config)}`)
    expect(await list()).toMatchObject({ code: 0, stderr: '' })
  })

  it('although the configuration is broken: a route must be flipped back all the same', async () => {
    await writeFile(join(folder, 'strangler.config.mjs'), 'export default {')
    expect(await list([], { STRANGLER_ADMIN_URL: admin.url, STRANGLER_TOKEN: TOKENS.viewer })).toMatchObject({
      code: 0,
    })
  })

  it('and when the token is of another kit, says which file it was read from', async () => {
    await writeKitFiles(join(folder, '.strangler'))
    const path = join(folder, '.strangler', 'tokens.json')
    const others = { operator: 'another-operator-token', viewer: 'another-viewer-token' }
    await writeFile(path, JSON.stringify(others))
    const result = await list()
    expect(result.code).toBe(3)
    expect(result.stderr).toContain(`The token came from ${await realpath(path)}.`)
    expect(result.stderr).toContain('--directory')
    expect(result.stderr).not.toContain(others.operator)
    expect((await list([], { STRANGLER_TOKEN: others.viewer })).stderr).toContain(
      'came from STRANGLER_TOKEN.',
    )
  })

  it('by --admin-url before anything else', async () => {
    await writeKitFiles(join(folder, '.strangler'))
    expect((await list(['--admin-url', 'http://127.0.0.1:9'])).code).toBe(4)
    expect((await list(['--admin-url', 'nonsense'])).code).toBe(2)
  })
})

describe('a server that is not the admin API', () => {
  it('is recognised, and a redirect of it never gets the token', async () => {
    const seen: (string | undefined)[] = []
    const thief = createServer((req, res) => {
      seen.push(req.headers.authorization)
      res.end('{}')
    })
    const redirecting = createServer((_req, res) => res.writeHead(307, { location: addressOf(thief) }).end())
    await Promise.all(
      [thief, redirecting].map(
        (server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)),
      ),
    )
    const env = { STRANGLER_TOKEN: TOKENS.operator }
    expect(await list(['--admin-url', addressOf(redirecting)], env)).toMatchObject({ code: 4 })
    expect(seen).toEqual([])
    const strange = await list(['--admin-url', addressOf(thief)], env)
    expect(strange).toMatchObject({ code: 4, stderr: expect.stringContaining('is not the kit’s admin port') })
    for (const server of [thief, redirecting]) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('is recognised by its errors too, also where they have the form of the kit’s: the proxy’s port with a monolith behind it', async () => {
    const problem = { type: 'about:blank', status: 404, title: 'Not Found', code: 'NOT_FOUND' }
    const monolith = createServer((req, res) => {
      res.writeHead(404, { 'content-type': 'application/problem+json' })
      res.end(JSON.stringify({ ...problem, detail: `${req.method} ${req.url} does not exist` }))
    })
    await new Promise<void>((resolve) => monolith.listen(0, '127.0.0.1', resolve))
    const found = await list(['--admin-url', addressOf(monolith)], { STRANGLER_TOKEN: TOKENS.viewer })
    expect(found.code).toBe(4)
    expect(found.stderr).toContain(`What answers at ${addressOf(monolith)} is not the kit’s admin port`)
    expect(found.stderr).toContain('--admin-url')
    expect(found.stderr).not.toContain('INTERNAL')
    await new Promise((resolve) => monolith.close(resolve))
  })
})

function addressOf(server: ReturnType<typeof createServer>): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

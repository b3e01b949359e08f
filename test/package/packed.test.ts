import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageOf, readSpecifiers } from '../../scripts/package/read-imports.ts'
import { findLinks, listAnchors } from '../docs/documents.ts'
import { type Consumer, compiler, installPackage } from './consumer.ts'

const root = path.join(import.meta.dirname, '../..')
/** A third of it is documents, and half of those one picture. */
const MOST_PACKED_BYTES = 1_250_000

let consumer: Consumer
let monolith: Server
let monolithUrl: string
const children: ChildProcess[] = []
beforeAll(async () => {
  consumer = await installPackage()
  monolith = createServer((request, response) => response.end(`somebody else’s ${request.url}`))
  await once(monolith.listen(0, '127.0.0.1'), 'listening')
  const { port } = monolith.address() as AddressInfo
  monolithUrl = `http://127.0.0.1:${port}`
}, 300_000)
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  monolith?.close()
  await consumer?.remove()
})

const installed = (file = '') => path.join(consumer.folder, 'node_modules/strangler-kit', file)
const listPacked = () =>
  spawnSync('tar', ['-tf', consumer.tarball], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((name) => name !== '')
    .map((name) => name.replace(/^package\//, ''))
const readPacked = (file: string) => readFile(installed(file), 'utf8')

describe('the package', () => {
  it('holds what was compiled, the types of its doors, the program and the pages that its messages name', async () => {
    const files = listPacked()
    expect(files).toContain('dist/index.js')
    expect(files).toContain('dist/service.d.ts')
    expect(files).toContain('docs/reference/errors.md')
    const own = files.filter((file) => !/^(templates|deploy)\//.test(file))
    expect(own.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([])
    expect(files).toContain('templates/service/main.ts')
    const areas = new Set(files.map((file) => file.split('/')[0]))
    expect([...areas].sort()).toEqual(
      [
        'ARCHITECTURE.md',
        'CHANGELOG.md',
        'CONTRIBUTING.md',
        'GLOSSARY.md',
        'LICENSE',
        'README.md',
        'deploy',
        'dist',
        'docs',
        'package.json',
        'strangler',
        'templates',
      ].sort(),
    )
    expect(own.filter((file) => /(^|\/)(test|bench)\/|\.test\.|\.map$/.test(file))).toEqual([])
  })

  it('leads from each of its pages only to what it holds itself', async () => {
    const files = listPacked()
    const pages = files.filter((file) => file.endsWith('.md') && !file.startsWith('templates/'))
    const broken: string[] = []
    let looked = 0
    for (const page of pages)
      for (const link of findLinks(await readPacked(page))) {
        const [name = '', anchor] = link.split('#')
        const to = name === '' ? page : path.posix.join(path.posix.dirname(page), name)
        const isThere =
          files.includes(to) || files.some((file) => file.startsWith(`${to.replace(/\/$/, '')}/`))
        const leads = isThere && (anchor === undefined || listAnchors(await readPacked(to)).includes(anchor))
        if (!leads) broken.push(`${page} → ${link}`)
        looked += 1
      }
    expect(broken).toEqual([])
    expect(pages).toContain('README.md')
    expect(looked).toBeGreaterThan(100)
  })

  it('is small, and names no folder of the machine that it was made on', async () => {
    const { size } = await import('node:fs/promises').then(({ stat }) => stat(consumer.tarball))
    expect(size).toBeLessThan(MOST_PACKED_BYTES)
    const folders = [root, consumer.packedIn]
    for (const file of listPacked()) {
      const text = await readPacked(file)
      expect(
        folders.filter((folder) => text.includes(folder)),
        file,
      ).toEqual([])
      expect(text.includes('sourceMappingURL='), file).toBe(false)
    }
  })

  it('asks for exactly the packages that it imports', async () => {
    const code = listPacked().filter((file) => /\.(js|mjs|d\.ts)$/.test(file))
    const imported = new Set<string>()
    for (const file of code)
      for (const specifier of readSpecifiers(await readPacked(file))) {
        const name = packageOf(specifier)
        if (name !== undefined) imported.add(name)
      }
    const { dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
      await readPacked('package.json'),
    )
    // It is there only where somebody wants spans, so it is named to npm, and loaded by its name.
    expect(peerDependenciesMeta).toEqual({ '@opentelemetry/sdk-node': { optional: true } })
    expect(await readPacked('dist/telemetry/tracing.js')).toContain("'@opentelemetry/sdk-node'")
    imported.add('@opentelemetry/sdk-node')
    // A test for vitest is what `strangler compare export` writes; the kit itself imports nothing of it.
    imported.delete('vitest')
    expect(Object.keys({ ...dependencies, ...peerDependencies }).sort()).toEqual([...imported].sort())
  })

  it('leaves the package.json of the project as it was', async () => {
    const own = await readFile(path.join(root, 'package.json'), 'utf8')
    expect(await readFile(path.join(consumer.packedIn, 'package.json'), 'utf8')).toBe(own)
    expect(JSON.parse(own).exports['.']).toBe('./strangler/index.ts')
  })
})

describe('a project that has nothing but the package', () => {
  it('gets its configuration from `npx strangler init`', async () => {
    const document = { openapi: '3.1.0', paths: { '/articles/{id}': { get: {}, put: {} } } }
    await writeFile(path.join(consumer.folder, 'openapi.json'), JSON.stringify(document))
    const options = ['--monolith', monolithUrl, '--openapi', 'openapi.json', '--yes']
    expect(consumer.run('npx', ['strangler', 'init', ...options])).toMatchObject({ code: 0 })
    const written = await readFile(path.join(consumer.folder, 'strangler.config.ts'), 'utf8')
    expect(written).toContain(monolithUrl)
    expect(written).toContain('GET /articles/:id')
  }, 60_000)

  it('gets a service from `npx strangler extract` that npm can install, with the same kit', async () => {
    const capabilities = { articles: { endpoints: ['GET /articles/:id'] } }
    const config = `export default ${JSON.stringify({ sides: { monolith: monolithUrl, articles: monolithUrl }, capabilities })}`
    await writeFile(path.join(consumer.folder, 'extract.config.mjs'), config)
    const extracted = consumer.run('npx', [
      'strangler',
      'extract',
      'articles',
      '--config',
      'extract.config.mjs',
    ])
    expect(extracted).toMatchObject({ code: 0 })
    const service = path.join(consumer.folder, 'services/articles')
    const written = JSON.parse(await readFile(path.join(service, 'package.json'), 'utf8'))
    expect(path.resolve(service, written.dependencies['strangler-kit'].slice('file:'.length))).toBe(
      consumer.tarball,
    )
    expect(written.engines).toEqual(JSON.parse(await readPacked('package.json')).engines)
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
    expect(consumer.run('npm', ['install', '--prefix', service, ...flags])).toMatchObject({ code: 0 })
    expect(consumer.run('npm', ['run', 'check', '--prefix', service])).toMatchObject({ code: 0 })
  }, 300_000)

  it('runs `npx strangler start` in front of a server that knows nothing of the kit, and stops', async () => {
    const child = spawn('npx', ['strangler', 'start', '--port', '0', '--admin-port', '0', '--json'], {
      cwd: consumer.folder,
      env: consumer.environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    children.push(child)
    const { proxyUrl, adminUrl } = await readFirstObject(child)
    const answer = await fetch(`${proxyUrl}/any/path?q=1`)
    expect(await answer.text()).toBe('somebody else’s /any/path?q=1')
    expect((await fetch(`${adminUrl}/readyz`)).status).toBe(200)
    await expectDashboard(adminUrl)
    for (const command of [['route', 'list'], ['doctor'], ['doctor', '--config', 'strangler.config.ts']])
      expect(consumer.run('npx', ['strangler', ...command]), command.join(' ')).toMatchObject({ code: 0 })
    const ended = once(child, 'exit')
    process.kill(-child.pid!, 'SIGTERM')
    await ended
    await expect.poll(() => fetch(`${adminUrl}/livez`).catch(() => 'gone'), { timeout: 20_000 }).toBe('gone')
  }, 120_000)

  it('finds the types of every door, and is told of a mistake', async () => {
    const use = (wrong: string) => `
      import { type ConfigInput, defineConfig, type Kit, loadConfig, StranglerError, startKit } from 'strangler-kit'
      import { checkAnswer, verifyContract } from 'strangler-kit/contract'
      import { createStrangler, type EmbeddedStrangler } from 'strangler-kit/express'
      import { createDryRun, createEvents, createSyncApplier, followOwner } from 'strangler-kit/service'
      export const config: ConfigInput = defineConfig({ sides: { monolith: 'http://127.0.0.1:3000' }${wrong} })
      export const start = async (): Promise<Kit> => startKit((await loadConfig()).config, { role: 'proxy' })
      export const embed = (): Promise<EmbeddedStrangler> => createStrangler(config)
      export const parts = [createDryRun, createEvents, createSyncApplier, followOwner, checkAnswer, verifyContract]
      export const isKnown = (error: unknown) => error instanceof StranglerError && error.code
    `
    await writeFile(path.join(consumer.folder, 'right.mts'), use(''))
    await writeFile(path.join(consumer.folder, 'wrong.mts'), use(', capabilites: {}'))
    const flags = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext']
    expect(consumer.run(compiler, [...flags, 'right.mts'])).toEqual({ code: 0, output: '' })
    expect(consumer.run(compiler, [...flags, 'wrong.mts']).output).toContain("'capabilites' does not exist")
  }, 60_000)
})

/** The page, and every file that it loads. */
async function expectDashboard(adminUrl: string): Promise<void> {
  const address = `${adminUrl}/dashboard/`
  const page = await fetch(address)
  expect(page.status).toBe(200)
  const files = [...(await page.text()).matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)]
  expect(files.length).toBeGreaterThan(1)
  for (const [, file = ''] of files) expect((await fetch(new URL(file, address))).status, file).toBe(200)
}

/** The line with the addresses; the log may stand before it. */
async function readFirstObject(child: ChildProcess): Promise<{ proxyUrl: string; adminUrl: string }> {
  let text = ''
  for await (const chunk of child.stdout!) {
    text += String(chunk)
    const line = text.split('\n').find((candidate) => candidate.includes('"proxyUrl"'))
    if (line !== undefined && text.includes(`${line}\n`)) return JSON.parse(line)
  }
  throw new Error(`It has ended before it served: ${text}`)
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { checkConfig, startKit } from '../../strangler/index.ts'

const root = path.join(import.meta.dirname, '../..')

/** One command line, as somebody typed it, and what came of it. */
export interface Typed {
  readonly line: string
  readonly output: string
  readonly code: number | null
  readonly tookMs: number
}

/** The command lines below a heading of README.md: those of the first shell block there. */
export async function readJourney(heading: string): Promise<string[]> {
  const text = await readFile(path.join(root, 'README.md'), 'utf8')
  const part = text.split(`\n## ${heading}\n`)[1] ?? ''
  const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(part) ?? []
  return block.split('\n').filter((line) => line.startsWith('npx strangler '))
}

/** Runs each with the real program on a real kit, in front of two small servers. The configuration is the README's. */
export async function runJourney(lines: readonly string[]): Promise<Typed[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'strangler-journey-'))
  const servers = [await serve('monolith'), await serve('inventory')]
  const [monolith = '', inventory = ''] = servers.map(addressOf)
  const config = checkConfig({
    sides: { monolith, inventory },
    capabilities: {
      inventory: {
        unit: { claim: 'sub' },
        endpoints: ['GET /api/inventory/:sku', 'POST /api/inventory/:sku/adjust'],
      },
    },
    directory,
  })
  const logFile = path.join(directory, 'access.log')
  const kit = await startKit(config, { proxyPort: 0, adminPort: 0, logFile })
  try {
    const typed: Typed[] = []
    for (const line of lines) typed.push(await type(line, directory))
    return typed
  } finally {
    await kit.stop()
    for (const server of servers) server.close()
    await rm(directory, { recursive: true, force: true })
  }
}

async function serve(name: string): Promise<Server> {
  const server = createServer((_request, response) => response.end(name))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server
}

const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

async function type(line: string, directory: string): Promise<Typed> {
  const begun = performance.now()
  // A shell reads it, as it would in a terminal; npx only looks the program up.
  const program = `"${process.execPath}" "${path.join(root, 'strangler/bin.mjs')}"`
  const child = spawn('/bin/sh', ['-c', line.replace(/^npx strangler/, program)], {
    env: { PATH: process.env['PATH'], USER: 'anna', STRANGLER_DIRECTORY: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  return { line, output: output.trimEnd(), code, tookMs: performance.now() - begun }
}

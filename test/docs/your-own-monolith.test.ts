import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { reportAnswer } from '../../strangler/admin/compare-contracts.ts'
import { type Running, type RunResult, runStrangler, startStrangler } from '../cli/run-strangler.ts'
import { type ExtractedService, linkPackages, startExtracted } from '../extract/run-extracted.ts'
import { type Library, startLibrary } from '../init/library.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { splitWords } from './documents.ts'

/** Runs every shell line of the page, in its order, as somebody would who reads it; only addresses are those of this run. */
const SLOW_MS = 300_000
const PATIENCE_MS = 60_000
const PAGE = join(import.meta.dirname, '../../docs/guide/your-own-monolith.md')

let databases: Record<'library' | 'books' | 'control', TestDatabase>
let library: Library
let folder: string
let env: Record<string, string>
let kit: Running | undefined
let proxyUrl = ''
let service: ExtractedService | undefined

beforeAll(async () => {
  const [own, books, control] = await Promise.all(
    ['library', 'books', 'control'].map((name) => createTestDatabase(`page_${name}`)),
  )
  databases = { library: own!, books: books!, control: control! }
  library = await startLibrary(databases.library.url)
  folder = await mkdtemp(join(tmpdir(), 'strangler-own-monolith-'))
  const paths = ['/books', '/books/{isbn}', '/members/{id}', '/members/{id}/loans', '/healthz']
  const described = [...paths.map((path) => [path, 'get'] as const), ['/loans', 'post'] as const]
  const document = {
    openapi: '3.1.0',
    paths: Object.fromEntries(described.map(([path, method]) => [path, { [method]: { responses: {} } }])),
  }
  await writeFile(join(folder, 'openapi.json'), JSON.stringify(document))
  // What the page leaves to the kit itself, an embedded database and a Redis, would only cost time here.
  env = { STRANGLER_CONTROL_URL: databases.control.url, STRANGLER_NO_REDIS: '1' }
}, SLOW_MS)
afterAll(async () => {
  await stopKit()
  await service?.stop()
  await library?.stop()
  for (const database of Object.values(databases)) await database.drop()
  await rm(folder, { recursive: true, force: true })
})

async function stopKit(): Promise<void> {
  kit?.child.kill('SIGTERM')
  await kit?.ended
  kit = undefined
}

async function startKit(): Promise<void> {
  await stopKit()
  kit = startStrangler(['start', '--port', '0', '--admin-port', '0', '--json'], { cwd: folder, env })
  const [said = ''] = /\{"proxyUrl".*\}/.exec(await kit.until(/\{"proxyUrl".*\}\n/)) ?? []
  proxyUrl = JSON.parse(said).proxyUrl
}

/** The addresses of the page are the usual ones. */
const toReal = (text: string) =>
  text
    .replaceAll('http://127.0.0.1:3000', library.url)
    .replaceAll('http://127.0.0.1:8080', proxyUrl)
    .replaceAll('http://127.0.0.1:3001', service?.url ?? '')
    .replaceAll('postgres://library@127.0.0.1:5432/library', databases.library.url)
    .replaceAll('postgres://books@127.0.0.1:5432/books', databases.books.url)

/** What a person does who reads "not yet": the same once more, a little later. */
async function untilDone(args: readonly string[]): Promise<RunResult> {
  for (const deadline = Date.now() + PATIENCE_MS; ; await delay(500)) {
    const result = await runStrangler(args, { cwd: folder, env })
    if (result.code === 0 || Date.now() > deadline) return result
  }
}

async function runLine(line: string): Promise<string> {
  const setting = /^export (\w+)=(\S+)$/.exec(line)
  if (setting !== null) {
    env[setting[1] ?? ''] = toReal(setting[2] ?? '')
    return ''
  }
  if (line === 'npx strangler start') {
    await startKit()
    return ''
  }
  if (line.startsWith('npx strangler ')) {
    const result = await untilDone(splitWords(toReal(line)).slice(2))
    expect(result, line).toMatchObject({ code: 0 })
    return result.stdout
  }
  const asked = /^curl -s (http:\S+)$/.exec(line)?.[1]
  if (asked !== undefined) {
    // One says little: what all have in common begins with three.
    for (let turn = 0; turn < 4; turn += 1) {
      const answer = await fetch(toReal(asked))
      expect(answer.status).toBe(200)
      expect(answer.headers.get('x-build')).toBe('library-1')
      await answer.text()
    }
    return ''
  }
  if (line === 'cd services/books && npm install') {
    await linkPackages(join(folder, 'services/books'))
    return ''
  }
  if (/^DATABASE_URL=\S+ npm start$/.test(line)) {
    const [name = '', url = ''] = line.split(' ')[0]?.split(/=(.*)/s) ?? []
    service = await startExtracted(join(folder, 'services/books'), { [name]: toReal(url) })
    return ''
  }
  throw new Error(`Nobody here knows how to run: ${line}`)
}

interface Block {
  readonly isShell: boolean
  readonly lines: readonly string[]
}

function readBlocks(page: string): Block[] {
  return [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, language, text = '']) => ({
    isShell: language === 'sh',
    lines: text.trimEnd().split('\n'),
  }))
}

test(
  'the page leads from nothing to a shadowed endpoint, and back, by the lines that stand in it',
  async () => {
    let said = ''
    let compared: Awaited<ReturnType<typeof waitForComparison>>
    for (const { isShell, lines } of readBlocks(await readFile(PAGE, 'utf8'))) {
      if (!isShell) {
        // What the page shows is what was said.
        for (const line of lines) expect(said.split('\n')).toContain(line)
        continue
      }
      for (const line of lines) {
        said = await runLine(line)
        if (line === 'npx strangler compare report') compared = await waitForComparison()
      }
    }
    expect(compared).toMatchObject({ mismatch: 0, skipped: {} })
    expect(compared?.match).toBeGreaterThan(0)
    // Of the kit nothing is left in the library's database.
    const pool = new pg.Pool({ connectionString: databases.library.url })
    const { rows } = await pool.query(
      "SELECT count(*) FILTER (WHERE NOT tgisinternal)::int AS triggers, to_regnamespace('strangler') AS schema FROM pg_trigger",
    )
    await pool.end()
    expect(rows).toEqual([{ triggers: 0, schema: null }])
  },
  SLOW_MS,
)

/** The endpoint's answers are compared after its client has gone: the report has them a moment later. */
async function waitForComparison() {
  for (const deadline = Date.now() + PATIENCE_MS; ; await delay(300)) {
    const { stdout } = await runStrangler(['compare', 'report', '--json'], { cwd: folder, env })
    const { capabilities } = reportAnswer.parse(JSON.parse(stdout))
    const endpoints = capabilities.flatMap((one) => one.endpoints)
    const shadowed = endpoints.find(({ endpoint }) => endpoint === 'GET /books/:isbn')
    if ((shadowed?.eligible ?? 0) > 0 || Date.now() > deadline) return shadowed
  }
}

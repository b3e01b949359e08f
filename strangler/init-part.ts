import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { parse as parseYaml } from 'yaml'
import { checkConfig } from './config/define-config.ts'
import { StranglerError } from './core/errors.ts'
import type { ExchangeRecord } from './core/exchange-record.ts'
import type { TableShape } from './core/sync-words.ts'
import { inferEndpoints, type WatchedPath } from './init/infer-endpoints.ts'
import { readOpenApi } from './init/read-openapi.ts'
import type { SeenEndpoint } from './init/seen-endpoint.ts'
import { createProxyServer } from './proxy/proxy-server.ts'
import { compileTable } from './routing/compile-table.ts'
import { EMPTY_STATE } from './routing/fold-journal.ts'
import { readTables } from './sync/read-tables.ts'

const MOST_PATHS = 20_000
const LARGEST_DOCUMENT = 20 * 1_048_576
const FETCH_MS = 10_000
/** What a page is made of says nothing about the application's endpoints. */
const ASSET = /\.(?:css|js|mjs|map|png|jpe?g|gif|svg|ico|webp|woff2?|ttf|html?)$/i

export interface WatchOptions {
  readonly monolithUrl: string
  /** 0 takes a free one. */
  readonly port: number
  readonly seconds: number
  /** Ends the watching before its time; what was seen counts. */
  readonly stop: AbortSignal
  readonly onListening: (url: string) => void
}

/** The endpoints of an application, learnt from requests that pass through this process on their way to it. */
export async function watchEndpoints(
  options: WatchOptions,
): Promise<{ endpoints: SeenEndpoint[]; requests: number }> {
  const { monolithUrl, port, seconds, stop, onListening } = options
  const config = checkConfig({
    sides: { monolith: monolithUrl },
    proxy: { port, accessLog: false, drainMs: 2_000 },
  })
  const book = createPathBook()
  const proxy = createProxyServer({
    config,
    table: compileTable(config, EMPTY_STATE),
    // Nothing is signed here: there are no canaries yet.
    secret: randomBytes(32),
    onExchange: book.record,
  })
  try {
    const listening = await proxy.listen(port, config.proxy.host).catch((error: unknown) => {
      throw withMend(error)
    })
    onListening(`http://${config.proxy.host}:${listening.port}`)
    await untilOver(seconds, stop)
  } finally {
    await proxy.stop()
  }
  const watched = book.paths()
  return {
    endpoints: inferEndpoints(watched),
    requests: watched.reduce((sum, { requests }) => sum + requests, 0),
  }
}

/** It has no `proxy.port` yet that could be set. */
function withMend(error: unknown): unknown {
  if (!(error instanceof StranglerError) || error.code !== 'STRANGLER_PORT_IN_USE') return error
  const fix = 'Stop it, or listen elsewhere: `strangler init --port 0` takes any free port.'
  return new StranglerError(error.code, error.message, { fix, cause: error })
}

function untilOver(seconds: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) return resolve()
    const timer = setTimeout(end, seconds * 1_000)
    stop.addEventListener('abort', end, { once: true })
    function end(): void {
      clearTimeout(timer)
      stop.removeEventListener('abort', end)
      resolve()
    }
  })
}

interface PathBook {
  record(record: Pick<ExchangeRecord, 'method' | 'path' | 'status'>): void
  paths(): WatchedPath[]
}

/** Paths that were there: what the monolith does not know (404, 405) is no endpoint of it. */
function createPathBook(): PathBook {
  const counts = new Map<string, number>()
  return {
    record({ method, path, status }) {
      if (status === 404 || status === 405 || status >= 500 || ASSET.test(path)) return
      const key = `${method} ${path}`
      const count = counts.get(key)
      if (count !== undefined || counts.size < MOST_PATHS) counts.set(key, (count ?? 0) + 1)
    },
    paths: () =>
      [...counts].map(([key, requests]) => {
        const [method = '', path = ''] = key.split(/ (.*)/s)
        return { method, path, requests }
      }),
  }
}

/**
 * The endpoints of an OpenAPI document.
 * @param source a file, or an address
 * @throws StranglerError STRANGLER_OPENAPI_UNREADABLE
 */
export async function readEndpoints(source: string): Promise<SeenEndpoint[]> {
  const endpoints = readOpenApi(parseDocument(source, await readSource(source)))
  if (endpoints !== undefined) return endpoints
  throw unreadable(source, 'it has no `openapi` (or `swagger`) and no `paths`')
}

async function readSource(source: string): Promise<string> {
  try {
    if (!/^https?:\/\//.test(source)) return await readFile(source, 'utf8')
    const answer = await fetch(source, { signal: AbortSignal.timeout(FETCH_MS) })
    if (!answer.ok) throw new Error(`the answer was ${answer.status}`)
    return await answer.text()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw unreadable(source, 'there is no such file', error)
    throw unreadable(source, error instanceof Error ? error.message : String(error), error)
  }
}

/** JSON is YAML too, but its own parser says better what is wrong, and is a hundred times as fast. */
function parseDocument(source: string, text: string): unknown {
  if (text.length > LARGEST_DOCUMENT) throw unreadable(source, `it has ${text.length} characters`)
  try {
    return /^\s*\{/.test(text) ? JSON.parse(text) : parseYaml(text, { maxAliasCount: 100 })
  } catch (error) {
    throw unreadable(source, (error instanceof Error ? error.message.split('\n')[0] : undefined) ?? '', error)
  }
}

function unreadable(source: string, why: string, cause?: unknown): StranglerError {
  return new StranglerError('STRANGLER_OPENAPI_UNREADABLE', `${source} is no OpenAPI document: ${why}.`, {
    fix: 'Name another with --openapi; or leave it out, and the endpoints are learnt from traffic.',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** @throws StranglerError STRANGLER_SYNC_DATABASE_UNREACHABLE */
export async function readMonolithTables(url: string): Promise<TableShape[]> {
  try {
    // Failures of idle connections: it is open for three statements.
    return await readTables({ side: 'monolith', url }, () => undefined)
  } catch (error) {
    if (!(error instanceof StranglerError)) throw error
    // Nothing is configured yet that could be corrected.
    const fix =
      'Start it, or correct `--database` (`MONOLITH_DATABASE_URL`); without one the tables are left out.'
    throw new StranglerError(error.code, error.message, { fix, cause: error })
  }
}

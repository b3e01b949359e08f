import type { IncomingMessage, ServerResponse } from 'node:http'
import type { DataSource, QueryRunner } from 'typeorm'
import { DRY_RUN_HEADER, type DryRunOutcome } from '../../core/dry-run-words.ts'
import { StranglerError } from '../../core/errors.ts'
import type { ReportError } from '../../core/ports.ts'
import { createShadowMarks, SHADOW_HEADER } from '../../core/shadow-mark.ts'
import { deriveShadowSecret } from '../../core/shadow-secret.ts'
import { currentRun, enterRun } from '../shadow-context.ts'
import { findCounters } from './dry-run-counters.ts'
import { type DryRunDialect, mariadbDryRun, postgresDryRun } from './dry-run-dialect.ts'
import { type DryRunSession, openDryRunSession } from './dry-run-session.ts'

const READS = new Set(['GET', 'HEAD', 'OPTIONS'])

export interface DryRunOptions {
  /** What the handlers use; its transactions are run dry for shadow requests. */
  readonly dataSource: DataSource
  /** The worker token, which the kit's mark is checked with. Default: STRANGLER_WORKER_TOKEN. */
  readonly token?: string
  /** How long a statement waits for somebody's lock. Default 200; MariaDB counts in whole seconds. */
  readonly lockTimeoutMs?: number
  /** How long a dry run may take. Default 5,000. */
  readonly timeoutMs?: number
  /** How many run at once; each has a connection of the pool. Default 4. */
  readonly atOnce?: number
  readonly report?: ReportError
}

/** Express middleware; it stands after those that read bodies, and before the routes. */
export type DryRunMiddleware = (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void

/**
 * Lets the kit shadow writes: a request with its mark is answered as ever, in a transaction that is always rolled back.
 * @throws StranglerError STRANGLER_CONFIG_INVALID without a token, or with a database that is neither PostgreSQL nor MariaDB
 */
export async function createDryRun(options: DryRunOptions): Promise<DryRunMiddleware> {
  const { dataSource, lockTimeoutMs = 200, timeoutMs = 5_000, atOnce = 4, report = () => undefined } = options
  const marks = createShadowMarks(deriveShadowSecret(findToken(options.token)), Date.now)
  const dialect = dialectOf(dataSource)
  for (const sql of dialect.install) await dataSource.query(sql)
  const counters = await findCounters(dialect.name, (sql) => dataSource.query(sql))
  const createRunner = divertRunners(dataSource)
  let running = 0

  async function openSession(res: ServerResponse): Promise<DryRunSession | undefined> {
    if (running >= atOnce) return refuseWith(res, 'busy')
    running += 1
    try {
      const basis = { dialect, counters, createRunner, lockTimeoutMs, timeoutMs, report }
      const session = await openDryRunSession(basis)
      const onEnd = () => {
        running -= 1
      }
      watch(session, { res, timeoutMs, onEnd })
      return session
    } catch (error) {
      running -= 1
      report('begin a dry run', error)
      return refuseWith(res, 'failed')
    }
  }
  async function runDry(id: string, res: ServerResponse, next: () => void): Promise<void> {
    const session = await openSession(res)
    if (session === undefined) return
    enterRun({ id, isDryRun: true, dataSource, borrowRunner: session.borrow }, next)
  }

  return (req, res, next) => {
    const mark = req.headers[SHADOW_HEADER]
    if (mark === undefined) return next()
    // Without this a key that differs from the kit's would turn every dry run into a real one.
    if (typeof mark !== 'string' || !marks.isValid(mark)) return void refuseWith(res, 'refused')
    const id = mark.slice(0, mark.indexOf('.'))
    if (!READS.has(req.method ?? '')) return void runDry(id, res, next)
    res.setHeader(DRY_RUN_HEADER, 'ready' satisfies DryRunOutcome)
    enterRun({ id, isDryRun: false }, next)
  }
}

/** Tells the outcome in the answer's head, and ends the dry run with the answer, or when it takes too long. */
function watch(
  session: DryRunSession,
  { res, timeoutMs, onEnd }: { res: ServerResponse; timeoutMs: number; onEnd: () => void },
): void {
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse
  res.writeHead = (...args: unknown[]) => {
    res.setHeader(DRY_RUN_HEADER, session.outcome())
    return writeHead(...args)
  }
  const late = setTimeout(() => {
    session.note('timeout')
    if (!res.headersSent) refuseWith(res, session.outcome())
    end()
  }, timeoutMs)
  function end(): void {
    clearTimeout(late)
    res.off('close', end)
    void session.end().finally(onEnd)
  }
  res.once('close', end)
}

function refuseWith(res: ServerResponse, outcome: DryRunOutcome): undefined {
  res.statusCode = outcome === 'refused' ? 403 : 503
  res.setHeader(DRY_RUN_HEADER, outcome)
  res.setHeader('content-type', 'application/problem+json')
  const status = res.statusCode
  res.end(JSON.stringify({ type: 'about:blank', title: 'Not run dry', status, code: `dry_run_${outcome}` }))
}

/** From here on, code that works for a dry run gets its connection, and everybody else what they always got. */
function divertRunners(dataSource: DataSource): (mode?: 'master' | 'slave') => QueryRunner {
  const createRunner = dataSource.createQueryRunner.bind(dataSource)
  dataSource.createQueryRunner = (mode) => {
    const run = currentRun()
    return run?.dataSource === dataSource && run.borrowRunner ? run.borrowRunner(mode) : createRunner(mode)
  }
  return createRunner
}

function dialectOf(dataSource: DataSource): DryRunDialect {
  const { type } = dataSource.options
  if (type === 'postgres') return postgresDryRun
  if (type === 'mariadb' || type === 'mysql') return mariadbDryRun
  throw new StranglerError(
    'STRANGLER_CONFIG_INVALID',
    `createDryRun has a data source of the type ${type}.`,
    {
      fix: 'Dry runs need PostgreSQL or MariaDB.',
    },
  )
}

function findToken(given: string | undefined): string {
  const token = given ?? process.env['STRANGLER_WORKER_TOKEN']
  if (token !== undefined && token !== '') return token
  throw new StranglerError(
    'STRANGLER_CONFIG_INVALID',
    'createDryRun has no `token`, so it cannot tell the kit’s shadow requests from anybody’s.',
    { fix: 'Set STRANGLER_WORKER_TOKEN to the kit’s, or give `token`.' },
  )
}

import type { z } from 'zod'
import { ERRORS, type ErrorCode, StranglerError } from '../core/errors.ts'
import { type AssessAnswer, assessAnswer } from './assess-contracts.ts'
import * as compareContract from './compare-contracts.ts'
import * as contractShapes from './contract-shapes.ts'
import * as contract from './contracts.ts'
import * as cutoverContract from './cutover-contracts.ts'
import * as guideContract from './guide/migrate-contracts.ts'
import * as syncContract from './sync-contracts.ts'

export interface AdminClientOptions {
  /** e.g. http://127.0.0.1:8081 */
  readonly url: string
  readonly token: string | undefined
  /** What to do when the token is refused: whoever found the token knows better than the server. */
  readonly unauthorizedFix?: string
  /** Default 15,000. */
  readonly timeoutMs?: number
}

/**
 * The admin API as functions. Every failure of the API comes back as the StranglerError that the server threw.
 * @throws StranglerError of the API, or STRANGLER_ADMIN_UNREACHABLE
 */
export interface AdminClient {
  routes(): Promise<contract.RoutesAnswer>
  history(question: { limit?: number; before?: number }): Promise<contract.HistoryAnswer>
  proxies(): Promise<contract.ProxiesAnswer>
  holds(): Promise<contract.HoldsAnswer>
  why(question: z.input<typeof contract.whyQuestion>): Promise<contract.WhyAnswer>
  setRoute(command: z.input<typeof contract.setRouteCommand>): Promise<contract.CommandAnswer>
  clearRoute(command: contract.ClearRouteCommand): Promise<contract.CommandAnswer>
  evictProxy(command: contract.EvictProxyCommand): Promise<contract.CommandAnswer>
  startHold(command: contract.StartHoldCommand): Promise<contract.CommandAnswer>
  changeHold(
    change: 'fence' | 'release' | 'abort',
    command: contract.ChangeHoldCommand,
  ): Promise<contract.CommandAnswer>
  syncs(): Promise<syncContract.SyncAnswer>
  changeSync(
    change: 'install' | 'backfill' | 'pause' | 'resume' | 'uninstall',
    command: syncContract.SyncInstallation & syncContract.SyncUninstallation,
  ): Promise<contract.CommandAnswer>
  verifySync(task: syncContract.SyncTask): Promise<syncContract.VerifyAnswer>
  repairSync(task: syncContract.SyncTask): Promise<syncContract.RepairAnswer>
  diagnoseSync(question: syncContract.DoctorQuestion): Promise<syncContract.DoctorAnswer>
  explainSync(question: syncContract.ExplainQuestion): Promise<syncContract.ExplainAnswer>
  compareReport(question: Where & { hours?: number }): Promise<compareContract.ReportAnswer>
  compareSamples(
    question: Where & { limit?: number; all?: 'true' | 'false' },
  ): Promise<compareContract.SamplesAnswer>
  compareSample(id: string): Promise<compareContract.SampleAnswer>
  compareExport(id: string): Promise<compareContract.ExportAnswer>
  compareRules(): Promise<compareContract.RulesAnswer>
  replaySample(task: compareContract.ReplayTask): Promise<compareContract.ReplayAnswer>
  acceptDifference(command: compareContract.AcceptCommand): Promise<contract.CommandAnswer>
  rejectDifference(command: compareContract.RejectCommand): Promise<contract.CommandAnswer>
  deploy(command: compareContract.DeployCommand): Promise<contract.CommandAnswer>
  contract(capability: string): Promise<contractShapes.ContractAnswer>
  recordContract(capability: string): Promise<contractShapes.ContractAnswer>
  keepVerified(task: contractShapes.VerifiedTask): Promise<contractShapes.VerifiedAnswer>
  /** Returns when the ownership is moved. */
  cutOver(command: cutoverContract.CutoverCommand): Promise<cutoverContract.CutoverAnswer>
  rehearseCutover(question: cutoverContract.CutoverQuestion): Promise<cutoverContract.RehearsalAnswer>
  assess(): Promise<AssessAnswer>
  guide(question: guideContract.GuideQuestion): Promise<guideContract.GuideAnswer>
  markRare(command: z.input<typeof guideContract.rareCommand>): Promise<contract.CommandAnswer>
  migrateNext(command: z.input<typeof guideContract.nextCommand>): Promise<guideContract.StepAnswer>
  migrateBack(command: z.input<typeof guideContract.backCommand>): Promise<guideContract.StepAnswer>
  autopilot(command: z.input<typeof guideContract.autoCommand>): Promise<contract.CommandAnswer>
  retire(command: z.input<typeof guideContract.retireCommand>): Promise<guideContract.StepAnswer>
  rehearseRetirement(capability: string): Promise<guideContract.RetireRehearsal>
}

/** A capability, or one endpoint of it; neither means all. */
export type Where = { readonly capability?: string; readonly endpoint?: string }

const DEFAULT_TIMEOUT_MS = 15_000
/** Preparing it may wait for tables. */
const CUTOVER_TIMEOUT_MS = 60_000
/** Some looks count rows, or wait for writes to end. */
const LOOK_TIMEOUT_MS = 60_000

export function createAdminClient(options: AdminClientOptions): AdminClient {
  const ask = <S extends z.ZodType>(path: string, answer: S) => call(options, { path, answer })
  const tell = <S extends z.ZodType>(path: string, body: unknown, answer: S) =>
    call(options, { path, body, answer })
  const command = (path: string, body: unknown) => tell(path, body, contract.commandAnswer)
  const patient = <S extends z.ZodType>(path: string, asked: { body?: unknown; answer: S }) =>
    call({ timeoutMs: LOOK_TIMEOUT_MS, ...options }, { path, ...asked })
  return {
    routes: () => ask('/api/routes', contract.routesAnswer),
    history: (question) => ask(`/api/history${toQuery(question)}`, contract.historyAnswer),
    proxies: () => ask('/api/proxies', contract.proxiesAnswer),
    holds: () => ask('/api/holds', contract.holdsAnswer),
    why: (question) => tell('/api/routes/why', question, contract.whyAnswer),
    setRoute: (body) => command('/api/routes/set', body),
    clearRoute: (body) => command('/api/routes/clear', body),
    evictProxy: (body) => command('/api/proxies/evict', body),
    startHold: (body) => command('/api/holds/start', body),
    changeHold: (change, body) => command(`/api/holds/${change}`, body),
    syncs: () => ask('/api/sync', syncContract.syncAnswer),
    changeSync: (change, body) => command(`/api/sync/${change}`, body),
    verifySync: (body) => tell('/api/sync/verify', body, syncContract.verifyAnswer),
    repairSync: (body) => tell('/api/sync/repair', body, syncContract.repairAnswer),
    diagnoseSync: (body) => patient('/api/sync/doctor', { body, answer: syncContract.doctorAnswer }),
    explainSync: (body) => tell('/api/sync/explain', body, syncContract.explainAnswer),
    compareReport: (question) => ask(`/api/compare/report${toQuery(question)}`, compareContract.reportAnswer),
    compareSamples: (question) =>
      ask(`/api/compare/samples${toQuery(question)}`, compareContract.samplesAnswer),
    compareSample: (id) => ask(`/api/compare/sample${toQuery({ id })}`, compareContract.sampleAnswer),
    compareExport: (id) => ask(`/api/compare/export${toQuery({ id })}`, compareContract.exportAnswer),
    compareRules: () => ask('/api/compare/rules', compareContract.rulesAnswer),
    replaySample: (body) => tell('/api/compare/replay', body, compareContract.replayAnswer),
    acceptDifference: (body) => command('/api/compare/accept', body),
    rejectDifference: (body) => command('/api/compare/reject', body),
    deploy: (body) => command('/api/deploys', body),
    contract: (capability) => ask(`/api/contract${toQuery({ capability })}`, contractShapes.contractAnswer),
    recordContract: (capability) =>
      tell('/api/contract/record', { capability }, contractShapes.contractAnswer),
    keepVerified: (body) => tell('/api/contract/verified', body, contractShapes.verifiedAnswer),
    cutOver: (body) =>
      call(
        { timeoutMs: CUTOVER_TIMEOUT_MS, ...options },
        { path: '/api/cutover', body, answer: cutoverContract.cutoverAnswer },
      ),
    rehearseCutover: (body) =>
      patient('/api/cutover/rehearse', { body, answer: cutoverContract.rehearsalAnswer }),
    assess: () => patient('/api/assess', { answer: assessAnswer }),
    guide: (question) => patient(`/api/guide${toQuery(question)}`, { answer: guideContract.guideAnswer }),
    markRare: (body) => command('/api/guide/rare', body),
    migrateNext: (body) => patient('/api/migrate/next', { body, answer: guideContract.stepAnswer }),
    migrateBack: (body) => patient('/api/migrate/back', { body, answer: guideContract.stepAnswer }),
    autopilot: (body) => command('/api/migrate/auto', body),
    retire: (body) => patient('/api/migrate/retire', { body, answer: guideContract.stepAnswer }),
    rehearseRetirement: (capability) =>
      patient('/api/migrate/retire/rehearse', {
        body: { capability },
        answer: guideContract.retireRehearsal,
      }),
  }
}

interface Call<S extends z.ZodType> {
  readonly path: string
  readonly body?: unknown
  readonly answer: S
}

async function call<S extends z.ZodType>(options: AdminClientOptions, asked: Call<S>): Promise<z.output<S>> {
  const { status, text } = await send(options, asked)
  const parsed = parseJson(text)
  if (status === 200) {
    const answer = asked.answer.safeParse(parsed)
    if (answer.success) return answer.data
  }
  const problem = contract.problem.safeParse(parsed)
  throw problem.success && isOurs(problem.data)
    ? toError(problem.data, options)
    : strangeAnswer(options.url, status)
}

async function send(
  { url, token, timeoutMs = DEFAULT_TIMEOUT_MS }: AdminClientOptions,
  { path, body }: Call<z.ZodType>,
): Promise<{ status: number; text: string }> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  try {
    // A redirect would carry the token to whoever is named in it.
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await fetch(new URL(path, url), { ...init, headers, redirect: 'error', signal })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    throw new StranglerError(
      'STRANGLER_ADMIN_UNREACHABLE',
      `Nothing answered at ${url} (${whyFailed(error)}).`,
      {
        fix: 'Start the kit with `strangler start`, or name its address with --admin-url or STRANGLER_ADMIN_URL.',
        cause: error,
      },
    )
  }
}

function toQuery(question: Readonly<Record<string, number | string | undefined>>): string {
  const given = Object.entries(question).filter(([, value]) => value !== undefined)
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([key, value]): [string, string] => [key, String(value)]))}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not our API then; the caller says so.
    return undefined
  }
}

/** A monolith behind the proxy’s port may tell of its errors in the same form. A later kit may have codes that this one does not know. */
function isOurs({ code }: contract.Problem): boolean {
  return code.startsWith('STRANGLER_')
}

function toError(
  { code, detail, fix, details }: contract.Problem,
  { unauthorizedFix }: AdminClientOptions,
): StranglerError {
  const known = Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'STRANGLER_INTERNAL'
  const mend = known === 'STRANGLER_UNAUTHORIZED' ? (unauthorizedFix ?? fix) : fix
  return new StranglerError(known, detail, {
    ...(mend === undefined ? {} : { fix: mend }),
    ...(details === undefined ? {} : { details }),
  })
}

function strangeAnswer(url: string, status: number): StranglerError {
  return new StranglerError(
    'STRANGLER_ADMIN_UNREACHABLE',
    `What answers at ${url} is not the kit’s admin port, or is of another version of the kit (it answered with ${status}).`,
    {
      fix: 'Name the admin port, which is not the proxy’s, with --admin-url or STRANGLER_ADMIN_URL: `strangler start` has said its address, http://127.0.0.1:8081 unless another was set.',
    },
  )
}

function whyFailed(error: unknown): string {
  const cause = (error as { cause?: { code?: unknown; message?: unknown } }).cause
  const found = cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : error)
  return String(found)
}

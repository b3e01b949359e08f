import { compareAnswers } from '../compare/compare-answers.ts'
import { maskAnswer } from '../compare/mask-exchange.ts'
import { MASK } from '../compare/mask-tokens.ts'
import { monolithAsServiceOf } from '../config/service-sides-at-monolith.ts'
import type { CapturedAnswer, CapturedRequest } from '../core/compare-words.ts'
import type { ComparisonStore, KeptSample, SampleLine } from '../core/comparison-store.ts'
import { StranglerError } from '../core/errors.ts'
import { describeMonolithAsService } from '../core/monolith-as-service.ts'
import { suggestNames } from '../core/nearest-names.ts'
import type { Side } from '../core/words.ts'
import type { Shadow } from '../shadow/create-shadow.ts'
import { createRulesFor, rulesOf } from '../shadow/rules-of.ts'
import { checkCapability } from './check-capability.ts'
import type {
  ExportAnswer,
  ReplayAnswer,
  ReplayTask,
  ReportAnswer,
  ReportQuestion,
  RulesAnswer,
  SampleAnswer,
  SamplesAnswer,
  SamplesQuestion,
} from './compare-contracts.ts'
import { exportSample } from './export-sample.ts'
import { createSampleJudge } from './judge-samples.ts'
import { type AdminContext, findPosition } from './present-state.ts'
import { reportCapability } from './report-comparisons.ts'

/** All that may be looked through for those that are more than noise. */
const MOST_SAMPLES = 500

/** What the admin API asks of the comparison. */
export interface ComparisonControl {
  readonly store: ComparisonStore
  readonly askSide: Shadow['ask']
}

/** What the comparisons of the last hours say. */
export async function reportComparisons(
  context: AdminContext,
  { capability, endpoint, hours }: ReportQuestion,
): Promise<ReportAnswer> {
  const { state } = await findPosition(context)
  const now = new Date(context.clock())
  const since = new Date(now.getTime() - hours * 3_600_000).toISOString()
  const standing = { accepted: state.accepted ?? [], now }
  const names = findCapabilities(context, { capability, endpoint })
  const capabilities = await Promise.all(
    names.map(async (name) => {
      const evidence = await controlOf(context).store.read({ capability: name, since })
      const side = monolithAsServiceOf(context.config, name)
      const own = side === undefined ? {} : { warning: describeMonolithAsService(side) }
      if (evidence === undefined) return { capability: name, ...own, differences: [], endpoints: [] }
      const report = reportCapability(evidence, standing)
      const isAsked = (one: { endpoint: string }) => endpoint === undefined || one.endpoint === endpoint
      return {
        ...report,
        ...own,
        differences: report.differences.filter(isAsked),
        endpoints: report.endpoints.filter(isAsked),
      }
    }),
  )
  return { since, capabilities }
}

type Where = { readonly capability?: string | undefined; readonly endpoint?: string | undefined }

function findCapabilities(context: AdminContext, { capability, endpoint }: Where): string[] {
  if (endpoint !== undefined) return [findEndpoint(context, endpoint)]
  if (capability === undefined) return Object.keys(context.config.capabilities)
  checkCapability(context, capability)
  return [capability]
}

/** The capability of an endpoint. @throws StranglerError STRANGLER_UNKNOWN_ENDPOINT */
export function findEndpoint({ currentTable }: AdminContext, endpoint: string): string {
  const { routes } = currentTable()
  const found = routes.find((route) => route.endpoint.id === endpoint)
  if (found !== undefined) return found.capability.name
  const names = routes.map((route) => route.endpoint.id)
  throw new StranglerError(
    'STRANGLER_UNKNOWN_ENDPOINT',
    `"${endpoint}" is not an endpoint of the configuration.`,
    { fix: suggestNames(endpoint, names, 'strangler route list') },
  )
}

/** The newest samples, without their answers; those that show nothing but noise only where `all` are asked for. */
export async function listSamples(
  context: AdminContext,
  { capability, endpoint, limit, all }: SamplesQuestion,
): Promise<SamplesAnswer> {
  findCapabilities(context, { capability, endpoint })
  const { store } = controlOf(context)
  const kept = await store.samples({
    ...(capability === undefined ? {} : { capability }),
    ...(endpoint === undefined ? {} : { endpoint }),
    limit: MOST_SAMPLES,
  })
  const judge = await createSampleJudge(context, store)
  const judged = await Promise.all(
    kept.map(async ({ basis: _basis, ...sample }, at) => ({
      ...sample,
      differences: [...sample.differences],
      verdict: await judge(kept[at] as SampleLine),
    })),
  )
  const shown = judged.filter(({ verdict }) => all === 'true' || verdict !== 'noise')
  return { samples: shown.slice(0, limit), noise: judged.length - shown.length }
}

export async function showSample(context: AdminContext, id: string): Promise<SampleAnswer> {
  const kept = await findSample(context, id)
  const { request, answers, basis: _basis, ...sample } = kept
  const judge = await createSampleJudge(context, controlOf(context).store)
  const { body, headers } = request
  return {
    sample: {
      ...sample,
      verdict: await judge(kept),
      differences: [...sample.differences],
      request: {
        ...{ method: request.method, target: request.target, headers: [...headers] },
        ...(body === undefined ? {} : { body }),
      },
      answers: { primary: toKept(answers.primary), shadow: toKept(answers.shadow) },
    },
  }
}

function toKept(answer: KeptSample['answers']['primary']) {
  return { ...answer, headers: [...answer.headers] }
}

async function findSample(context: AdminContext, id: string): Promise<KeptSample> {
  const sample = await controlOf(context).store.sample(id)
  if (sample !== undefined) return sample
  throw new StranglerError('STRANGLER_UNKNOWN_SAMPLE', `There is no sample ${id}.`, {
    fix: '`strangler compare samples` lists those that are kept.',
  })
}

/** Asks both sides again with what is kept of a request, one after the other, and compares the answers. */
export async function replaySample(
  context: AdminContext,
  { id, headers }: ReplayTask,
): Promise<ReplayAnswer> {
  const sample = await findSample(context, id)
  const { capability, primary } = sample
  const { method, target, body } = sample.request
  if (method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS') {
    throw new StranglerError(
      'STRANGLER_INVALID_COMMAND',
      `Sample ${id} is a ${method}: sent again it would be carried out again.`,
      { fix: '`strangler compare show` has both answers as they were.' },
    )
  }
  const request: CapturedRequest = {
    method,
    target: withoutMasked(target),
    headers: replayHeaders(sample.request.headers, headers),
    body: body === undefined ? undefined : Buffer.from(body),
  }
  const service = context.config.capabilities[capability]?.service ?? capability
  const nameOf = (side: Side) => (side === 'monolith' ? 'monolith' : service)
  const ask = (side: Side) => controlOf(context).askSide(nameOf(side), request)
  const first = await ask(primary)
  const second = await ask(primary === 'monolith' ? 'service' : 'monolith')
  if (first.kind === 'skipped') return { id, primary, skipped: first.reason, differences: [] }
  if (second.kind === 'skipped') return { id, primary, skipped: second.reason, differences: [] }
  return compareAgain(context, sample, [first.answer, second.answer])
}

function compareAgain(
  { config }: AdminContext,
  { id, capability, endpoint, primary: side, request: { method } }: KeptSample,
  [primary, shadow]: readonly [CapturedAnswer, CapturedAnswer],
): ReplayAnswer {
  const rules = createRulesFor(config)(capability, endpoint)
  const compared = compareAnswers(primary, shadow, { method, rules })
  const shown = (answer: CapturedAnswer) => ({
    ...maskAnswer(answer, rules),
    headers: [...maskAnswer(answer, rules).headers],
  })
  return {
    ...{ id, primary: side },
    ...(compared.kind === 'skipped' ? { skipped: compared.reason } : {}),
    differences: compared.kind === 'different' ? [...compared.differences] : [],
    answers: { primary: shown(primary), shadow: shown(shadow) },
  }
}

/** Parameters whose values were masked are left out. */
function withoutMasked(target: string): string {
  const [path = '', query] = target.split(/\?(.*)/s)
  const kept = (query ?? '').split('&').filter((part) => part !== '' && !part.includes(MASK))
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`
}

/** What was masked is not sent: a side would take it for a wrong credential rather than none. */
function replayHeaders(kept: readonly string[], given: Readonly<Record<string, string>>): string[] {
  const replaced = new Set(Object.keys(given).map((name) => name.toLowerCase()))
  const headers: string[] = []
  for (let i = 0; i + 1 < kept.length; i += 2) {
    const [name, value] = [kept[i] as string, kept[i + 1] as string]
    const isMasked = value.includes(MASK)
    if (!isMasked && !replaced.has(name.toLowerCase())) headers.push(name, value)
  }
  for (const [name, value] of Object.entries(given)) headers.push(name, value)
  return headers
}

/** What of the answers may differ: by the configuration, and because somebody answers for it. */
export async function listRules(context: AdminContext): Promise<RulesAnswer> {
  const { state, table } = await findPosition(context)
  const now = new Date(context.clock()).toISOString()
  return {
    endpoints: table.routes.map(({ endpoint, capability }) => ({
      endpoint: endpoint.id,
      rules: { ...rulesOf(context.config, capability.name, endpoint.id) },
    })),
    accepted: (state.accepted ?? []).map((one) => ({ ...one, isExpired: one.expiresAt <= now })),
  }
}

export async function exportTest(context: AdminContext, id: string): Promise<ExportAnswer> {
  return exportSample(await findSample(context, id))
}

function controlOf({ comparisons }: AdminContext): ComparisonControl {
  if (comparisons !== undefined) return comparisons
  throw new StranglerError('STRANGLER_INTERNAL', 'This process has no comparison.')
}

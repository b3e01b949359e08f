import {
  type ContractChecker,
  type ContractFailure,
  createContractChecker,
} from '../compare/contract/check-answer.ts'
import type { OpenApiDocument } from '../compare/contract/write-openapi.ts'
import { type AskedAnswer, askTarget } from './ask-target.ts'
import type { HeardAnswer } from './find-values.ts'
import { listGets, type PlannedEndpoint, planRequests, type ValueSources } from './plan-requests.ts'

export interface VerifyOptions extends Partial<ValueSources> {
  readonly document: OpenApiDocument
  /** Where the service answers: `http://127.0.0.1:3001`. */
  readonly target: string
  /** Sent with every request: `{ authorization: 'Bearer …' }`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Endpoints that are left out, and named in the report: `GET /api/inventory/stream`. */
  readonly skip?: readonly string[]
  /** For one request; 10,000 by default. */
  readonly timeoutMs?: number
}

export interface VerifiedEndpoint {
  readonly endpoint: string
  /** `not-asked` is a failure: what was not looked at is not known to be right. */
  readonly outcome: 'passed' | 'failed' | 'not-asked' | 'skipped'
  readonly requests: number
}

export interface ContractReport {
  readonly target: string
  /** By the header `x-build` of the answers; `unknown` without one. */
  readonly build: string
  readonly pass: boolean
  readonly endpoints: readonly VerifiedEndpoint[]
  readonly failures: readonly ContractFailure[]
}

/** Asks every GET of a contract that it can, and checks the answers. Changes nothing at the target, and needs nothing of the kit. */
export async function verifyContract(options: VerifyOptions): Promise<ContractReport> {
  const { document, target, skip = [] } = options
  const run: Run = {
    options,
    checker: createContractChecker(document),
    sources: { parameters: options.parameters ?? {}, examples: options.examples ?? {} },
    heard: [],
    builds: new Set(),
  }
  const endpoints: VerifiedEndpoint[] = []
  const failures: ContractFailure[] = []
  for (const planned of listGets(document)) {
    const { endpoint } = planned
    if (skip.includes(endpoint)) {
      endpoints.push({ endpoint, outcome: 'skipped', requests: 0 })
      continue
    }
    const found = await verifyEndpoint(run, planned)
    failures.push(...found.failures)
    const failed = found.requests === 0 ? 'not-asked' : 'failed'
    const outcome = found.failures.length === 0 ? 'passed' : failed
    endpoints.push({ endpoint, outcome, requests: found.requests })
  }
  const pass = failures.length === 0 && endpoints.some(({ outcome }) => outcome === 'passed')
  return { target, build: [...run.builds].sort().join(', ') || 'unknown', pass, endpoints, failures }
}

interface Run {
  readonly options: VerifyOptions
  readonly checker: ContractChecker
  readonly sources: ValueSources
  readonly heard: HeardAnswer[]
  readonly builds: Set<string>
}

async function verifyEndpoint(
  run: Run,
  planned: PlannedEndpoint,
): Promise<{ requests: number; failures: ContractFailure[] }> {
  const { endpoint, template, operation } = planned
  const plan = planRequests(planned, run.sources, run.heard)
  const failureOf = (path: string, expected: string, found: string, status = 0): ContractFailure => ({
    ...{ endpoint, status, path },
    ...{ expected, found },
  })
  if (plan.kind === 'missing') {
    const { parameter } = plan
    const expected = `a value for ${parameter}: --param ${parameter}=… or an examples file`
    return {
      requests: 0,
      failures: [failureOf('request', expected, 'none, neither given nor listed by the target')],
    }
  }
  const failures: ContractFailure[] = []
  const statuses: number[] = []
  for (const request of plan.requests) {
    const answer = await askTarget(run.options, request.target)
    if (answer.kind === 'failed') {
      failures.push(failureOf('request', 'an answer', answer.because))
      continue
    }
    hear(run, template, answer)
    statuses.push(answer.status)
    if (request.status !== undefined && request.status !== answer.status)
      failures.push(failureOf('status', String(request.status), String(answer.status), answer.status))
    failures.push(...run.checker.check(endpoint, answer))
  }
  const wanted = Object.keys(operation.responses).filter((status) => /^2/.test(status))
  const isChosen = plan.requests.some(({ status }) => status !== undefined)
  // A 404 to a wrong value would be by the contract too, and would prove nothing.
  const hasFound = statuses.some((status) => status >= 200 && status < 300)
  if (wanted.length > 0 && !hasFound && !isChosen && statuses.length > 0) {
    const found = [...new Set(statuses)].join(', ')
    failures.push(failureOf('status', `${wanted.join(' or ')} at least once`, `only ${found}`, statuses[0]))
  }
  return { requests: plan.requests.length, failures: dedupe(failures) }
}

function hear({ heard, builds }: Run, template: string, answer: AskedAnswer): void {
  const build = answer.build?.replaceAll(/[^\w.+:@/-]/g, '-').slice(0, 100)
  if (build !== undefined && builds.size < 5) builds.add(build)
  if (answer.status < 200 || answer.status >= 300) return
  try {
    heard.push({ template, value: JSON.parse(Buffer.from(answer.body).toString('utf8')) })
  } catch {
    // No JSON: it lists nothing that could be asked for.
  }
}

/** The same place of several answers is one failure. */
function dedupe(failures: readonly ContractFailure[]): ContractFailure[] {
  const seen = new Map(failures.map((one) => [`${one.status} ${one.path} ${one.expected} ${one.found}`, one]))
  return [...seen.values()]
}

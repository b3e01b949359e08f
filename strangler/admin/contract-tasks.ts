import { createHash } from 'node:crypto'
import type { EndpointShape } from '../compare/contract/endpoint-shape.ts'
import { writeOpenApi } from '../compare/contract/write-openapi.ts'
import { isMonolithAt } from '../config/service-sides-at-monolith.ts'
import type { ContractStore, RecordedContract } from '../core/contract-store.ts'
import { StranglerError } from '../core/errors.ts'
import { checkCapability } from './check-capability.ts'
import type { ContractAnswer, VerifiedAnswer, VerifiedTask } from './contract-shapes.ts'
import type { AdminContext } from './present-state.ts'

/** What was seen of a capability's answers, and what was recorded and checked of it. */
export async function showContract(context: AdminContext, capability: string): Promise<ContractAnswer> {
  checkCapability(context, capability)
  return answerWithContract(context, capability, await storeOf(context).recorded(capability))
}

/** Writes down what was seen until now. No decision: it changes nothing but what a service is checked against. */
export async function recordContract(context: AdminContext, capability: string): Promise<ContractAnswer> {
  checkCapability(context, capability)
  const store = storeOf(context)
  const learnt = await store.learnt(capability)
  if (learnt === undefined) {
    throw new StranglerError(
      'STRANGLER_CONTRACT_UNKNOWN',
      `Nothing was seen yet of what the monolith answers at the endpoints of ${capability}.`,
      { fix: 'Let the proxy serve some of its requests; what it sees is kept within seconds.' },
    )
  }
  const document = writeOpenApi({
    capability,
    build: learnt.build,
    endpoints: Object.fromEntries(
      learnt.endpoints.map(({ endpoint, shape }) => [endpoint, shape as EndpointShape]),
    ),
  })
  const digest = createHash('sha256').update(JSON.stringify(document)).digest('hex').slice(0, 24)
  const endpoints = learnt.endpoints.length
  const recorded = await store.record({ capability, build: learnt.build, digest, document, endpoints })
  return answerWithContract(context, capability, recorded)
}

/** Keeps what came of a check of the service, as evidence for the guide. */
export async function keepVerified(context: AdminContext, task: VerifiedTask): Promise<VerifiedAnswer> {
  const { target, ...verified } = task
  const { capability } = task
  checkCapability(context, capability)
  const { config } = context
  const { service = capability } = config.capabilities[capability] ?? {}
  // The monolith keeps to what was learnt of it, which says nothing of a service.
  if (isMonolithAt(config, target ?? config.sides[service]?.url)) return { kept: false, because: 'monolith' }
  const kept = await storeOf(context).verified(verified)
  return kept ? { kept } : { kept, because: 'another-contract' }
}

async function answerWithContract(
  context: AdminContext,
  capability: string,
  contract: RecordedContract | undefined,
): Promise<ContractAnswer> {
  const learnt = await storeOf(context).learnt(capability)
  const seen = new Set(learnt?.endpoints.map(({ endpoint }) => endpoint))
  const { service = capability, endpoints = [] } = context.config.capabilities[capability] ?? {}
  return {
    capability,
    target: withoutPassword(context.config.sides[service]?.url ?? ''),
    ...(learnt === undefined
      ? {}
      : {
          learnt: {
            ...{ build: learnt.build, lastSeenAt: learnt.lastSeenAt },
            endpoints: learnt.endpoints.map(({ endpoint, exchanges }) => ({ endpoint, exchanges })),
          },
        }),
    unseen: endpoints
      .map(({ endpoint }) => endpoint)
      .filter((endpoint) => !endpoint.startsWith('*') && !seen.has(endpoint.replace(/\s+/, ' '))),
    ...(contract === undefined ? {} : { recorded: toRecorded(contract) }),
    ...(contract === undefined ? {} : { document: contract.document as Record<string, unknown> }),
  }
}

function toRecorded({ build, digest, endpoints, recordedAt, verified }: RecordedContract) {
  const iso = (ms: number) => new Date(ms).toISOString()
  return {
    ...{ build, digest, endpoints, recordedAt: iso(recordedAt) },
    ...(verified === undefined ? {} : { verified: { ...verified, at: iso(verified.at) } }),
  }
}

function withoutPassword(address: string): string {
  if (!URL.canParse(address)) return address
  const url = new URL(address)
  url.username = ''
  url.password = ''
  return url.href.replace(/\/$/, '')
}

function storeOf({ contracts }: AdminContext): ContractStore {
  if (contracts !== undefined) return contracts
  throw new StranglerError('STRANGLER_INTERNAL', 'This process keeps no contracts.')
}

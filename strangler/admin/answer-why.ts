import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { DataPosition } from '../core/data-position.ts'
import { createIdentity } from '../proxy/request-identity.ts'
import type { RouteTable, TableCapability } from '../routing/compile-table.ts'
import { decide } from '../routing/decide.ts'
import type { RequestIdentity } from '../routing/identity.ts'
import type { WhyAnswer, WhyQuestion } from './contracts.ts'
import { explainDecision } from './explain-decision.ts'

/**
 * Decides a described request by the table, with the code that decides real ones, and says why in a sentence. Of somebody who has not
 * just written: whose writes are on their way only his own requests tell.
 */
export function answerWhy(table: RouteTable, question: WhyQuestion, position?: DataPosition): WhyAnswer {
  const path = question.path.split('?', 1)[0] ?? '/'
  const method = question.method.toUpperCase()
  const capability = table.match(method, path)?.capability
  const identity = describeIdentity(question, capability)
  const data = position && { lagMs: position.lagMs, hasAppliedWrites: () => true }
  const decision = decide(table, { method, path }, identity, { data })
  if (decision === 'ambiguous') {
    const sentence = `The proxy refuses ${method} ${path} with 400: its path can be read in two ways, and an endpoint of a capability matches only one of them.`
    return { sentence, reason: 'PATH_REFUSED', tableVersion: table.version }
  }
  const { route, target, reason, bucket, unitSource } = decision
  return {
    sentence: explainDecision(decision, { method, path, isNewBrowser: identity.setCookie !== undefined }),
    target,
    reason,
    tableVersion: table.version,
    ...(route && {
      endpoint: route.endpoint.id,
      capability: route.endpoint.capability,
      setting: route.setting,
      decidedBy: route.decidedBy,
    }),
    ...(bucket !== undefined && { bucket }),
    ...(unitSource !== undefined && { unitSource }),
  }
}

function describeIdentity(
  { headers, address, user }: WhyQuestion,
  capability: TableCapability | undefined,
): RequestIdentity & { readonly setCookie: string | undefined } {
  const lowerCase: IncomingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) lowerCase[name.toLowerCase()] = value
  const described = createIdentity({ headers: lowerCase } as IncomingMessage, address, false)
  if (user === undefined) return described
  const { header, cookie, claim } = capability?.unit ?? {}
  const isFirst = (asked: string, name: string | undefined) => asked.toLowerCase() === name?.toLowerCase()
  return {
    address,
    header: (name) => (isFirst(name, header) ? user : described.header(name)),
    cookie: (name) => (header === undefined && isFirst(name, cookie) ? user : described.cookie(name)),
    claim: (name) =>
      header === undefined && cookie === undefined && name === claim ? user : described.claim(name),
    kitCookie: () => user,
    setCookie: undefined,
  }
}

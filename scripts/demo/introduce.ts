import type { RoutesAnswer } from '../../strangler/admin/contracts.ts'
import { showMode } from '../../strangler/cli/parse-mode.ts'

export interface DemoState {
  readonly proxyUrl: string
  readonly adminUrl: string
  readonly traffic: boolean
  readonly routes: RoutesAnswer['routes']
  /** The inventory's old side is gone: nothing leads back. */
  readonly isRetired: boolean
}

/** What a newcomer reads first: where everything is, what an operator has decided before, and what to try. */
export function introduce({ proxyUrl, adminUrl, traffic, routes, isRetired }: DemoState): string {
  const end = traffic
    ? 'Ctrl-C stops everything. 100 shoppers are at it; this is where their requests go:'
    : 'Ctrl-C stops everything.'
  return `
The shop is at ${proxyUrl}, with the proxy in front of it.
The dashboard is at ${adminUrl}/dashboard/; the token for it is \`operator\` in .strangler/tokens.json.
${describeDecisions(routes)} In another terminal, in this folder, try:

${suggest(routes, isRetired)}
  curl -i ${proxyUrl}/api/inventory/SKU-00001
  tail -f .strangler/access.log

${end}
`
}

function describeDecisions(routes: DemoState['routes']): string {
  const decided = routes.filter(({ override }) => override !== undefined)
  if (decided.length === 0) return describeStage(routes)
  const width = Math.max(...decided.map(({ endpoint }) => endpoint.length))
  const lines = decided.map(({ endpoint, setting }) => `  ${endpoint.padEnd(width)}   ${showMode(setting)}`)
  return `What was set by hand is remembered (\`npx strangler route clear\` takes it back, \`npm run demo -- --fresh\` begins anew):\n\n${lines.join('\n')}\n\nEverything else goes by its stage.`
}

function describeStage(routes: DemoState['routes']): string {
  return isOnItsWay(routes)
    ? 'The inventory goes by its stage; everything else goes to the monolith.'
    : 'Everything goes to the monolith until you say otherwise.'
}

const ALWAYS = [
  'npx strangler guide                                             where each is, what comes next, what going back costs',
  'npx strangler route list',
  'npx strangler route why GET /api/orders/7 --user 7              where user 7 goes, and why',
  'npx strangler route history                                     all that was decided, by whom and why',
]
/** Before anything has moved there is no copy to read and nothing to take back. */
const AT_THE_BEGINNING = [
  'npx strangler migrate inventory next                            the first step: docs/guide/1-choose.md',
]
const ON_THE_WAY = [
  'npx strangler migrate orders next --percent 100                 every reader of orders to the service: blue-green',
  'npx strangler route set "GET /api/orders/:id" canary=25         a quarter of the users',
  'npx strangler route clear "GET /api/orders/:id"                 as the step says again',
]
const UNTIL_RETIRED = [
  'npx strangler migrate inventory back                            the monolith owns the stock again',
  'npx strangler sync verify inventory                             every row of both databases compared',
]

function suggest(routes: DemoState['routes'], isRetired: boolean): string {
  const onTheWay = [...(isRetired ? [] : UNTIL_RETIRED), ...ON_THE_WAY]
  const lines = [...ALWAYS, ...(isOnItsWay(routes) ? onTheWay : AT_THE_BEGINNING)]
  return lines.map((line) => `  ${line}`).join('\n')
}

const isOnItsWay = (routes: DemoState['routes']) =>
  routes.some(({ source, setting }) => source === 'stage' && setting.mode !== 'monolith')

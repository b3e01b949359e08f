import { countOf } from '../core/count-of.ts'
import { docsPath } from '../core/docs-path.ts'
import type { TableShape } from '../core/sync-words.ts'
import { type AssignedTable, assignTables } from './assign-tables.ts'
import { type ProposedCapability, proposeCapabilities } from './propose-capabilities.ts'
import { endpointIdOf, type SeenEndpoint } from './seen-endpoint.ts'

export interface InitFacts {
  readonly monolithUrl: string
  /** Of the monolith's database; the password is never written. */
  readonly databaseUrl?: string | undefined
  readonly endpoints: readonly SeenEndpoint[]
  /** How they were learnt: `an OpenAPI document`, `412 requests in 60 s`. */
  readonly learntFrom: string
  /** Absent: no database was looked at. */
  readonly tables?: readonly TableShape[] | undefined
  /** `2026-11-25`. */
  readonly day: string
}

export interface WrittenConfig {
  readonly text: string
  readonly capabilities: readonly {
    readonly name: string
    readonly endpoints: number
    readonly tables: number
  }[]
  readonly left: { readonly endpoints: readonly string[]; readonly tables: readonly string[] }
  /** Variables that must be set before the kit is started. */
  readonly needs: readonly string[]
}

/** `strangler.config.ts` of a monolith that nobody has described yet. The same facts give the same text. */
export function writeConfig(facts: InitFacts): WrittenConfig {
  const proposal = proposeCapabilities(facts.endpoints)
  const { assigned, left } = assignTables(proposal.capabilities, facts.tables ?? [])
  const shapes = new Map((facts.tables ?? []).map((table) => [table.name, table]))
  const parts = proposal.capabilities.map((capability) => ({
    capability,
    tables: assigned.get(capability.name) ?? [],
  }))
  const names = proposal.capabilities.map(({ name }) => name)
  const text = [
    ...writeHead(facts),
    'export default {',
    ...indent(1, writeSides(names)),
    ...indent(1, ['capabilities: {']),
    ...parts.flatMap(({ capability, tables }) => indent(2, writeCapability(capability, { tables, shapes }))),
    ...indent(1, ['},']),
    ...indent(1, writeLeft(proposal.left, left)),
    '} satisfies ConfigInput',
    '',
  ].join('\n')
  return {
    text,
    capabilities: parts.map(({ capability: { name, endpoints }, tables }) => ({
      ...{ name, endpoints: endpoints.length, tables: tables.length },
    })),
    left: { endpoints: proposal.left.map(endpointIdOf), tables: left },
    needs: hasPassword(facts.databaseUrl) ? ['MONOLITH_DATABASE_URL'] : [],
  }
}

const indent = (depth: number, lines: readonly string[]) =>
  lines.map((line) => (line === '' ? line : '  '.repeat(depth) + line))

/** As a literal of the language: whatever was observed stays a text. */
const quote = (text: string) =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`

/** Names come from the outside, and a comment ends with its line. */
const plain = (text: string) => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')

const hasPassword = (url: string | undefined) => url !== undefined && new URL(url).password !== ''

function writeHead({ monolithUrl, databaseUrl, learntFrom, tables, day }: InitFacts): string[] {
  const found =
    tables === undefined ? 'no database' : `the ${countOf(tables.length, 'table')} of its database`
  const known = databaseUrl === undefined || hasPassword(databaseUrl) ? '' : ` ?? ${quote(databaseUrl)}`
  return [
    "import { env } from 'node:process'",
    "import type { ConfigInput } from 'strangler-kit'",
    '',
    `// Written by \`npx strangler init\` on ${day}, from ${plain(learntFrom)} and ${found}. It is yours now: what is wrong, correct;`,
    `// what is not to move, take out. ${docsPath('reference/config.md')} lists every key.`,
    '',
    '/** Where the monolith answers. */',
    `const monolith = env['MONOLITH_URL'] ?? ${quote(monolithUrl)}`,
    '',
    '/** The address of a database holds a password, so it comes from the environment. */',
    'const database = (address: string | undefined) => (address === undefined ? {} : { database: address })',
    `const monolithDatabase = env['MONOLITH_DATABASE_URL']${known}`,
    '',
  ]
}

function writeSides(names: readonly string[]): string[] {
  const services = names.map((name) => {
    const variable = name.toUpperCase().replaceAll('-', '_')
    return `  ${quoteKey(name)}: { url: env['${variable}_URL'] ?? monolith, ...database(env['${variable}_DATABASE_URL']) },`
  })
  return [
    'sides: {',
    '  monolith: { url: monolith, ...database(monolithDatabase) },',
    ...(names.length === 0
      ? []
      : [
          '  // None of these services exists yet. Until one does, its address is the monolith’s own, so that nothing can go wrong:',
          '  // `npx strangler extract NAME` writes a service to begin with, then set its variables.',
          ...services,
        ]),
    '},',
  ]
}

const quoteKey = (name: string) => (/^[a-z]\w*$/.test(name) ? name : quote(name))

interface OwnTables {
  readonly tables: readonly AssignedTable[]
  readonly shapes: ReadonlyMap<string, TableShape>
}

function writeCapability({ name, endpoints }: ProposedCapability, { tables, shapes }: OwnTables): string[] {
  return [
    `${quoteKey(name)}: {`,
    '  // Every endpoint goes to the monolith until you say otherwise: `npx strangler route set`, or step by step `npx strangler migrate`.',
    '  endpoints: [',
    ...endpoints.map((endpoint) => `    ${quote(endpointIdOf(endpoint))},${sayRequests(endpoint)}`),
    '  ],',
    ...(tables.length === 0
      ? ['  // The tables that it owns: none was found by its name. Without tables nothing is synced.']
      : [
          '  // The tables that it seems to own. `npx strangler doctor` says what a split would cut, and who else writes them.',
          '  tables: [',
          ...tables.map(
            (one) => `    ${quote(one.table)}, // ${plain(describe(one, shapes.get(one.table)))}`,
          ),
          '  ],',
        ]),
    '},',
  ]
}

const sayRequests = ({ requests }: SeenEndpoint) =>
  requests === 0 ? '' : ` // ${countOf(requests, 'request')}`

function describe({ because }: AssignedTable, shape: TableShape | undefined): string {
  return shape !== undefined && shape.key.length === 0
    ? `${because}; it has no key that the sync could use, which \`strangler doctor\` explains`
    : because
}

function writeLeft(endpoints: readonly SeenEndpoint[], tables: readonly string[]): string[] {
  const list = (names: readonly string[]) =>
    plain(names.slice(0, 20).join(', ')) + (names.length > 20 ? ' …' : '')
  return [
    ...(endpoints.length === 0
      ? []
      : [`// In no capability, so with the monolith for good: ${list(endpoints.map(endpointIdOf))}`]),
    ...(tables.length === 0 ? [] : [`// Tables that no capability seems to own: ${list(tables)}`]),
  ]
}

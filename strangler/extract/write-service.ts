import type { DialectName, TableShape } from '../core/sync-words.ts'
import { columnTypeOf } from './column-type.ts'
import type { TypedTable } from './match-row.ts'
import { type Contract, planRead } from './plan-read.ts'
import { type TableMapping, toServiceTables } from './service-table.ts'
import { comment, literal } from './write-code.ts'
import { type PlannedEndpoint, writeEndpoints } from './write-endpoints.ts'
import { writeEntities } from './write-entities.ts'

export interface ServiceFacts {
  readonly capability: string
  /** As the monolith's database has them. */
  readonly tables: readonly TableShape[]
  readonly mappings: readonly TableMapping[]
  readonly from: DialectName
  readonly to: DialectName
  readonly endpoints: readonly { readonly endpoint: string; readonly path: string }[]
  readonly contract: Contract | undefined
  readonly port: number
  /** Versions of the packages that the kit itself runs with. */
  readonly versions: Readonly<Record<string, string>>
  /** The versions of Node that it needs, which are the kit's. */
  readonly engine: string
}

export interface WrittenService {
  /** By their names in the folder. */
  readonly files: Readonly<Record<string, string>>
  readonly built: readonly string[]
  readonly unbuilt: readonly { readonly endpoint: string; readonly because: string }[]
}

/** The files of a service that are made for it. The rest is the same for every service, and lies in `templates/service/`. */
export function writeService(facts: ServiceFacts): WrittenService {
  const { capability, from, to, contract } = facts
  const tables: TypedTable[] = toServiceTables(facts.tables, facts.mappings).map((table) => ({
    ...table,
    types: new Map(table.columns.map(({ name, shape }) => [name, columnTypeOf(shape, from, to)])),
  }))
  const planned: PlannedEndpoint[] = facts.endpoints.map((one) => ({
    ...one,
    plan: planRead(one.endpoint, { contract, tables }),
  }))
  const built = planned.flatMap(({ endpoint, plan }) => ('read' in plan ? [endpoint] : []))
  const unbuilt = planned.flatMap(({ endpoint, plan }) =>
    'read' in plan ? [] : [{ endpoint, because: plan.because }],
  )
  return {
    built,
    unbuilt,
    files: {
      'about.ts': writeAbout(facts, tables),
      'entities.ts': writeEntities(capability, tables),
      'endpoints.ts': writeEndpoints(planned),
      'package.json': writePackage(facts),
      'README.md': writeReadme(facts, { built, unbuilt, tables }),
      ...(contract === undefined
        ? {}
        : { 'contract.openapi.json': `${JSON.stringify(contract, undefined, 2)}\n` }),
    },
  }
}

function writeAbout({ capability, to, port }: ServiceFacts, tables: readonly TypedTable[]): string {
  return [
    '/** What this service is. */',
    'export const ABOUT = {',
    `  capability: ${literal(capability)},`,
    '  /** The kind of its own database. */',
    `  dialect: ${literal(to)} as 'postgres' | 'mariadb',`,
    `  port: ${port},`,
    '  /** By their names here; the applier keeps them. */',
    `  tables: ${literal(tables.map(({ name }) => name))} as string[],`,
    '}',
    '',
  ].join('\n')
}

function writePackage({ capability, to, versions, engine }: ServiceFacts): string {
  const packages = ['express', 'strangler-kit', 'typeorm', to === 'postgres' ? 'pg' : 'mysql2'].sort()
  const pick = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, versions[name] ?? '*']))
  const manifest = {
    ...{ name: `${capability}-service`, private: true, type: 'module' },
    engines: { node: engine },
    scripts: { start: 'node main.ts', test: 'node --test', check: 'tsc' },
    dependencies: pick(packages),
    devDependencies: pick(['@types/express', '@types/node', 'typescript']),
  }
  return `${JSON.stringify(manifest, undefined, 2)}\n`
}

interface Outcome extends Pick<WrittenService, 'built' | 'unbuilt'> {
  readonly tables: readonly TypedTable[]
}

function writeReadme(
  { capability, to, port, versions }: ServiceFacts,
  { built, unbuilt, tables }: Outcome,
): string {
  const todos = tables.flatMap(({ name, todos }) =>
    todos.map((todo) => `- \`${comment(name)}\`: ${comment(todo)}`),
  )
  return [
    `# The ${capability} service`,
    '',
    'Written by `strangler extract`; yours from now on.',
    '',
    '```sh',
    'npm install',
    `DATABASE_URL=${to}://user@127.0.0.1/${capability} npm start    # answers at http://127.0.0.1:${port}/healthz`,
    'npm test     # asks it what its contract has; its database needs rows',
    '```',
    '',
    ...describeKitFile(versions['strangler-kit'] ?? ''),
    'The tables are made in a database that has none of them. Rows come by the data sync: name this database in the kit’s configuration',
    `(\`sides.${capability}.database\`), or set STRANGLER_QUEUE_URL and STRANGLER_INSTALLATION (\`strangler sync status\` names it) here and \`applier: 'service'\``,
    'there. With STRANGLER_WORKER_TOKEN shadowed writes are answered in a transaction that is rolled back.',
    '',
    '## Answered from the database',
    '',
    ...(built.length === 0 ? ['None.'] : built.map((endpoint) => `- \`${endpoint}\``)),
    '',
    '## Still to be written: 501',
    '',
    ...(unbuilt.length === 0
      ? ['None.']
      : unbuilt.map(({ endpoint, because }) => `- \`${endpoint}\`: ${because}`)),
    ...(todos.length === 0 ? [] : ['', '## To be looked at', '', ...todos]),
    '',
  ].join('\n')
}

/** A path of this machine is of no use in an image. */
function describeKitFile(source: string): string[] {
  if (!source.startsWith('file:')) return []
  const isPacked = source.endsWith('.tgz')
  const pack = isPacked
    ? `copy \`${source.slice(5)}\``
    : `put what \`npm pack\` makes in \`${source.slice(5)}\``
  return [
    `\`strangler-kit\` is installed from \`${source.slice(5)}\`, as your project has it. Before an image is built, ${pack} into this folder`,
    'and install it from there: `npm install ./strangler-kit-*.tgz`.',
    '',
  ]
}

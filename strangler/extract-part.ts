import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CapabilityConfig, Config } from './config/schema.ts'
import { checkCapabilityName } from './core/check-capability-name.ts'
import { StranglerError } from './core/errors.ts'
import { suggestNames } from './core/nearest-names.ts'
import type { DialectName, TableShape } from './core/sync-words.ts'
import type { Contract } from './extract/plan-read.ts'
import type { TableMapping } from './extract/service-table.ts'
import { type WrittenService, writeService } from './extract/write-service.ts'
import { kitSource } from './infra/kit-source.ts'
import { readManifest } from './infra/read-manifest.ts'
import { dialectNameOf } from './sync/database.ts'
import { readTables } from './sync/read-tables.ts'

const TEMPLATES = fileURLToPath(new URL('../templates/service/', import.meta.url))
const KIT = fileURLToPath(new URL('..', import.meta.url))
const USUAL_PORT = 3_001

export interface ExtractQuestion {
  readonly config: Config
  readonly capability: string
  /** What the monolith answers; without it every endpoint is still to be written. */
  readonly contract: Contract | undefined
  /** Where it will be written. */
  readonly folder: string
}

/**
 * All files of a service that runs, by their names in its folder. Reads the monolith's catalogue and changes nothing.
 * @throws StranglerError STRANGLER_UNKNOWN_CAPABILITY, STRANGLER_EXTRACT_REFUSED, STRANGLER_SYNC_DATABASE_UNREACHABLE
 */
export async function extractService(question: ExtractQuestion): Promise<WrittenService> {
  const { config, capability, contract, folder } = question
  checkCapabilityName(capability, Object.keys(config.capabilities))
  const settings = config.capabilities[capability]!
  const side = settings.service ?? capability
  const tables = await readOwnTables(config, capability, settings)
  const written = writeService({
    ...{ capability, tables, contract, mappings: settings.tables.map(toMapping) },
    ...dialectsOf(config, side),
    endpoints: settings.endpoints.map(({ endpoint, rewritePath }) => ({
      endpoint,
      path: rewrite(endpoint.split(/ (.*)/s)[1] ?? '/', rewritePath),
    })),
    port: portOf(config, side),
    versions: await versionsFor(folder),
    engine: (readManifest().packageEngines ?? readManifest().engines).node,
  })
  const common = await readTemplates()
  const { 'contract.test.ts': contractTest, ...others } = common
  const checked = contract === undefined || contractTest === undefined ? others : common
  return { ...written, files: { ...checked, ...written.files } }
}

async function readOwnTables(
  config: Config,
  capability: string,
  { tables }: CapabilityConfig,
): Promise<TableShape[]> {
  if (tables.length === 0) return []
  const url = config.sides['monolith']?.database
  if (url === undefined) {
    throw new StranglerError(
      'STRANGLER_EXTRACT_REFUSED',
      `${capability} has tables, and the monolith's database is not named, so nothing is known of their columns.`,
      {
        fix: 'Set `sides.monolith.database` (of a configuration by `strangler init`: MONOLITH_DATABASE_URL).',
      },
    )
  }
  const found = await readTables({ side: 'monolith', url }, () => undefined)
  return tables.map(({ table }) => {
    const shape = found.find(({ name }) => name === table)
    if (shape !== undefined) return shape
    throw new StranglerError(
      'STRANGLER_EXTRACT_REFUSED',
      `\`capabilities.${capability}.tables\` names ${table}, and the monolith's database has no such table.`,
      {
        fix: suggestNames(
          table,
          found.map(({ name }) => name),
          `strangler doctor ${capability}`,
        ),
      },
    )
  })
}

function toMapping({ table, as, columns, constants, map }: CapabilityConfig['tables'][number]): TableMapping {
  return { table, as, columns, constants, isComputed: map !== undefined }
}

/** The service's database is of the kind that the configuration names, else of the monolith's. */
function dialectsOf({ sides }: Config, side: string): { from: DialectName; to: DialectName } {
  const [there, here] = [sides['monolith']?.database, sides[side]?.database]
  const from = there === undefined ? 'postgres' : dialectNameOf(there)
  return { from, to: here === undefined ? from : dialectNameOf(here) }
}

/** Where the proxy looks for it, unless that is still the monolith. */
function portOf({ sides }: Config, side: string): number {
  const [own, monolith] = [sides[side]?.url, sides['monolith']?.url]
  if (own === undefined || own === monolith) return USUAL_PORT
  return Number(new URL(own).port) || USUAL_PORT
}

function rewrite(path: string, rule: { readonly from: string; readonly to: string } | undefined): string {
  return rule !== undefined && path.startsWith(rule.from) ? rule.to + path.slice(rule.from.length) : path
}

/** Of the packages that the kit runs with; the kit itself as this project has it. */
async function versionsFor(service: string): Promise<Record<string, string>> {
  const { name, dependencies, devDependencies } = readManifest()
  const project = process.cwd()
  const own = JSON.parse(await readFile(join(project, 'package.json'), 'utf8').catch(() => '{}'))
  const wanted: unknown = own.dependencies?.[name] ?? own.devDependencies?.[name]
  const source = kitSource({
    ...{ project, kit: KIT, service },
    wanted: typeof wanted === 'string' ? wanted : undefined,
  })
  return { ...devDependencies, ...dependencies, [name]: source }
}

/** What is the same for every service. npm leaves files out of a package that begin with a point. */
async function readTemplates(): Promise<Record<string, string>> {
  const names = await readdir(TEMPLATES)
  const files = names.map(async (name) => {
    const text = await readFile(join(TEMPLATES, name), 'utf8')
    return [name === 'dockerignore' ? '.dockerignore' : name, text] as const
  })
  return Object.fromEntries(await Promise.all(files))
}

/** Whether somebody's work is in the way. */
export async function isOccupied(folder: string): Promise<boolean> {
  return existsSync(folder) && (await readdir(folder)).length > 0
}

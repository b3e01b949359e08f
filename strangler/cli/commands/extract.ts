import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { loadConfig } from '../../config/load-config.ts'
import type { WrittenService } from '../../extract/write-service.ts'
import { readContract } from '../read-contract.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'
import { refuseToReplace, writeNewFile } from '../write-new-file.ts'
import { contractFileOf } from './contract-record.ts'

interface ExtractOptions {
  readonly contract?: string
  readonly out?: string
  readonly config?: string
  readonly force?: true
  readonly json?: true
}

const HELP = `
Examples:
  strangler contract record inventory && strangler extract inventory
  strangler extract inventory --out ../inventory --json

The service is Express and TypeORM, with the capability's tables as the monolith's database has them. A GET whose answer is made of the
rows of one table, by the contract, is answered from the database; every other endpoint answers 501 and has a to-do. Health, version,
sync applier, dry runs, a Dockerfile and a contract test are there. The kit need not run; the monolith's database is only read.`

export function addExtract(parent: Command, terminal: Terminal): void {
  parent
    .command('extract')
    .description('write a service for a capability to begin with, one that runs')
    .argument('<capability>')
    .option(
      '--contract <file>',
      'what the monolith answers (default: contracts/CAPABILITY.openapi.json, if it is there)',
    )
    .option('--out <folder>', 'where to write (default: services/CAPABILITY)')
    .option('--config <path>', 'the configuration (default: strangler.config.ts in this folder)')
    .option('--force', 'replace files that are there')
    .option('--json', 'print what was written as JSON')
    .addHelpText('after', HELP)
    .action((capability: string, options: ExtractOptions) => extract(terminal, capability, options))
}

async function extract(terminal: Terminal, capability: string, options: ExtractOptions): Promise<void> {
  const { force = false, out: folder = join('services', capability) } = options
  const { config } = await loadConfig(options.config)
  // Loaded here and not above: the other commands need no database.
  const { extractService, isOccupied } = await import('../../extract-part.ts')
  if (!force && (await isOccupied(folder))) throw refuseToReplace(folder)
  const file =
    options.contract ?? (existsSync(contractFileOf(capability)) ? contractFileOf(capability) : undefined)
  const contract = file === undefined ? undefined : await readContract(file)
  const written = await extractService({ config, capability, contract, folder })
  for (const [name, text] of Object.entries(written.files))
    await writeNewFile(join(folder, name), text, { force })
  if (options.json) {
    const { built, unbuilt, files } = written
    return writeJson(terminal, {
      folder,
      files: Object.keys(files).sort(),
      built,
      unbuilt,
      contract: file ?? null,
    })
  }
  announce(terminal, written, { capability, folder, hasContract: contract !== undefined })
}

interface Outcome {
  readonly capability: string
  readonly folder: string
  readonly hasContract: boolean
}

function announce(terminal: Terminal, { built, unbuilt }: WrittenService, outcome: Outcome): void {
  const { capability, folder, hasContract } = outcome
  writeLine(terminal, `${folder} has a service for ${capability}.`)
  if (built.length > 0) writeLine(terminal, 'Answered from the database:')
  for (const endpoint of built) writeLine(terminal, `  ${endpoint}`)
  if (unbuilt.length > 0) writeLine(terminal, 'Still to be written, 501 until then:')
  for (const { endpoint, because } of unbuilt) writeLine(terminal, `  ${endpoint}: ${because}`)
  if (!hasContract)
    writeLine(
      terminal,
      `No contract is recorded, so no answer is known: \`strangler contract record ${capability}\`, then \`strangler extract ${capability} --force\`.`,
    )
}

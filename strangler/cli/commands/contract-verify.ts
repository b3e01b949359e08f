import type { Command } from 'commander'
import type { AdminClient } from '../../admin/admin-client.ts'
import type { ContractAnswer } from '../../admin/contract-shapes.ts'
import type { OpenApiDocument } from '../../compare/contract/write-openapi.ts'
import { type ContractReport, type VerifyOptions, verifyContract } from '../../contract/verify-contract.ts'
import { countOf } from '../../core/count-of.ts'
import { StranglerError } from '../../core/errors.ts'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { collectHeader } from '../parse-mode.ts'
import { printTable } from '../print-table.ts'
import { readContract, readExamples } from '../read-contract.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'
import { contractFileOf } from './contract-record.ts'

interface ContractVerifyOptions extends QuestionOptions {
  readonly target?: string
  readonly report?: true
  readonly contract?: string
  readonly param: Record<string, string[]>
  readonly examples?: string
  readonly header: Record<string, string>
  readonly skip: string[]
}

export function addContractVerify(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('verify')
    .description('ask the GETs of a contract, and check that the service answers as it says')
    .argument('[capability]', 'whose contract; with --target its file contracts/CAPABILITY.openapi.json')
  addQuestionOptions(command)
    .option('--target <url>', 'the service to ask; needs nothing of the kit, and tells it nothing')
    .option(
      '--report',
      'with --target: by the contract that the kit has recorded, and tell the kit the result',
    )
    .option('--contract <file>', 'the document, with --target')
    .option(
      '--param <name=value>',
      'a value for a parameter, e.g. sku=SKU-00001; repeatable',
      collectValue,
      {},
    )
    .option('--examples <file>', 'JSON: `{ "GET /a/:id": [{ "path": { "id": 7 }, "status": 200 }] }`')
    .option('--header <name:value>', 'sent with every request; repeatable', collectHeader, {})
    .option('--skip <endpoint>', 'leave one out, e.g. "GET /a/:id"; repeatable', collectText, [])
    .addHelpText(
      'after',
      '\nExamples:\n  strangler contract verify inventory\n  strangler contract verify --target http://127.0.0.1:3001 --contract contracts/inventory.openapi.json --param sku=SKU-00001\n  strangler contract verify inventory --target http://127.0.0.1:3001 --report',
    )
    .action(async (capability: string | undefined, options: ContractVerifyOptions) => {
      const { report, notKept } =
        options.target === undefined || options.report === true
          ? await verifyKnown(terminal, capability, options)
          : { report: await verifyTarget(options.target, capability, options), notKept: undefined }
      if (options.json) writeJson(terminal, report)
      else printReport(terminal, report)
      if (notKept !== undefined)
        writeLine(terminal, `${NOT_KEPT[notKept]}, so this does not count for the guide.`)
      refuseFailures(report)
    })
}

interface Verified {
  readonly report: ContractReport
  readonly notKept: keyof typeof NOT_KEPT | undefined
}

const NOT_KEPT = {
  'another-contract': 'Another contract was recorded meanwhile',
  monolith: "That is the monolith's own address, and no service",
} as const

/** In the CI of a service: a file and an address. */
async function verifyTarget(
  target: string,
  capability: string | undefined,
  options: ContractVerifyOptions,
): Promise<ContractReport> {
  checkTarget(target)
  const file = options.contract ?? (capability === undefined ? undefined : contractFileOf(capability))
  if (file === undefined) {
    throw new StranglerError('STRANGLER_INVALID_COMMAND', 'No contract is named.', {
      fix: 'Name its file with --contract, or the capability whose file is in contracts/.',
    })
  }
  return verifyContract(await toVerify(options, { document: await readContract(file), target }))
}

function checkTarget(target: string): void {
  if (URL.canParse(target) && /^https?:$/.test(new URL(target).protocol)) return
  throw new StranglerError('STRANGLER_INVALID_COMMAND', `"${target}" is not the address of a service.`, {
    fix: 'Write it like http://127.0.0.1:3001.',
  })
}

/** By the document that was recorded last, and with the result for the guide: the service of the configuration, or another instance of it. */
async function verifyKnown(
  terminal: Terminal,
  capability: string | undefined,
  options: ContractVerifyOptions,
): Promise<Verified> {
  if (capability === undefined || options.contract !== undefined) {
    throw new StranglerError('STRANGLER_INVALID_COMMAND', 'No service is named.', {
      fix: 'Name a capability, whose service and contract the kit knows; or name the address with --target.',
    })
  }
  const client = await connectAdmin(options, terminal)
  const { document, recorded, target: usual } = requireRecorded(await client.contract(capability))
  const { target = usual } = options
  checkTarget(target)
  const report = await verifyContract(await toVerify(options, { document, target }))
  return { report, notKept: await keep(client, { capability, digest: recorded.digest, target }, report) }
}

function requireRecorded({ capability, document, recorded, target }: ContractAnswer) {
  if (document !== undefined && recorded !== undefined)
    return { document: document as unknown as OpenApiDocument, recorded, target }
  throw new StranglerError('STRANGLER_CONTRACT_UNKNOWN', `No contract of ${capability} was recorded yet.`, {
    fix: `\`strangler contract record ${capability}\` records one.`,
  })
}

async function keep(
  client: AdminClient,
  of: { readonly capability: string; readonly digest: string; readonly target: string },
  { pass, failures, build }: ContractReport,
): Promise<Verified['notKept']> {
  const { kept, because } = await client.keepVerified({ ...of, pass, failures: failures.length, build })
  return kept ? undefined : (because ?? 'another-contract')
}

async function toVerify(
  { param, examples, header, skip }: ContractVerifyOptions,
  what: Pick<VerifyOptions, 'document' | 'target'>,
): Promise<VerifyOptions> {
  return {
    ...what,
    ...{ parameters: param, headers: header, skip },
    ...(examples === undefined ? {} : { examples: await readExamples(examples) }),
  }
}

function printReport(terminal: Terminal, { target, build, endpoints, failures }: ContractReport): void {
  writeLine(terminal, `${target}, build ${build}`)
  printTable(terminal, endpoints, [
    { title: 'ENDPOINT', value: ({ endpoint }) => endpoint, mayShrink: 'last' },
    { title: 'OUTCOME', value: ({ outcome }) => outcome },
    { title: 'REQUESTS', value: ({ requests }) => String(requests) },
  ])
  if (failures.length === 0) return
  writeLine(terminal, '')
  for (const { endpoint, status, path, expected, found } of failures) {
    const answered = status === 0 ? '' : ` (${status})`
    writeLine(terminal, `${endpoint}${answered} ${path}: expected ${expected}, found ${found}`)
  }
}

function refuseFailures({ pass, target, failures }: ContractReport): void {
  if (pass) return
  throw new StranglerError(
    'STRANGLER_CONTRACT_BROKEN',
    failures.length === 0
      ? `Nothing of the contract could be asked of ${target}.`
      : `${target} differs from its contract in ${countOf(failures.length, 'place')}.`,
    {
      fix:
        failures.length === 0
          ? 'Give values for its parameters (--param sku=SKU-00001), and see that the service runs there.'
          : 'Mend the service; or, where the monolith has changed since, record the contract anew with `strangler contract record`.',
      details: { failures },
    },
  )
}

function collectValue(text: string, values: Record<string, string[]>): Record<string, string[]> {
  const at = text.indexOf('=')
  const name = text.slice(0, at)
  if (at < 1) {
    throw new StranglerError('STRANGLER_INVALID_COMMAND', `"${text}" is not a value of a parameter.`, {
      fix: 'Write it like sku=SKU-00001.',
    })
  }
  return { ...values, [name]: [...(values[name] ?? []), text.slice(at + 1)] }
}

function collectText(text: string, texts: string[]): string[] {
  return [...texts, text]
}

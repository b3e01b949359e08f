import type { Command } from 'commander'
import type { DoctorAnswer } from '../../admin/sync-contracts.ts'
import { loadConfig } from '../../config/load-config.ts'
import { countOf } from '../../core/count-of.ts'
import { docsPath } from '../../core/docs-path.ts'
import { StranglerError } from '../../core/errors.ts'
import { namedRedisUrl } from '../../infra/redis-server.ts'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { lookAround, lookAtKit, type Surroundings } from '../look-around.ts'
import { paint, type Terminal, writeJson, writeLine } from '../terminal.ts'

interface DoctorOptions extends QuestionOptions {
  readonly config?: string
}

/** For what can only be seen while it happens. */
const LOOK_MS = 2_000

type Diagnosis = DoctorAnswer['capabilities'][number]
type Finding = Diagnosis['findings'][number]

const HELP = `
Examples:
  strangler doctor
  strangler doctor inventory --json
  strangler doctor --config deploy/strangler.config.ts

Where no capability has tables it says what else the kit stands on, and what comes next. The kit is asked when it runs; otherwise, or with --config, the command reads the configuration and opens the databases itself.
Ends with 0 when nothing blocks, with 3 when something does; ${docsPath('reference/doctor.md')} explains each finding.`

export function addDoctor(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('doctor')
    .description(
      'look at the databases of a capability: what keeps its tables from being synced, and what mends it',
    )
    .argument('[capability]')
  addQuestionOptions(command)
    .option('--config <path>', 'ask no kit: read this configuration and open the databases from here')
    .addHelpText('after', HELP)
    .action(async (capability: string | undefined, options: DoctorOptions) => {
      const { capabilities, surroundings } = await ask(capability, options, terminal)
      if (options.json) writeJson(terminal, { capabilities, ...surroundings })
      else {
        printAll(terminal, capabilities)
        if (surroundings !== undefined) printSurroundings(terminal, surroundings)
      }
      refuseBlocking(capabilities)
    })
}

/** The surroundings are told where there are no tables to tell of. */
interface Seen extends Pick<DoctorAnswer, 'capabilities'> {
  readonly surroundings?: Surroundings
}

const hasTables = (capabilities: readonly Diagnosis[]) => capabilities.some(({ tables }) => tables.length > 0)

async function ask(
  capability: string | undefined,
  options: DoctorOptions,
  terminal: Terminal,
): Promise<Seen> {
  if (options.config !== undefined) return examineHere(capability, options.config)
  try {
    const client = await connectAdmin(options, terminal)
    const { capabilities, sides } = await client.diagnoseSync(capability === undefined ? {} : { capability })
    return hasTables(capabilities)
      ? { capabilities }
      : { capabilities, surroundings: await lookAtKit(client, sides) }
  } catch (error) {
    const isAway = error instanceof StranglerError && error.code === 'STRANGLER_ADMIN_UNREACHABLE'
    if (!isAway || options.adminUrl !== undefined) throw error
    return examineHere(capability, undefined)
  }
}

/** Without a kit that runs. */
async function examineHere(capability: string | undefined, file: string | undefined): Promise<Seen> {
  const { config } = await loadConfig(file)
  // Loaded here and not above: the other commands need no database.
  const { diagnose } = await import('../../doctor-part.ts')
  const url = namedRedisUrl({ url: config.redis.url })
  const found = await diagnose(
    // What fails on the way comes back as a finding.
    {
      ...{ config, lookMs: LOOK_MS, report: () => undefined },
      queue: url === undefined ? undefined : { kind: 'redis', url },
    },
    capability,
  )
  const capabilities = found.map((one) => ({
    ...one,
    tables: [...one.tables],
    findings: [...one.findings],
  }))
  return hasTables(capabilities) ? { capabilities } : { capabilities, surroundings: await lookAround(config) }
}

function printAll(terminal: Terminal, diagnoses: readonly Diagnosis[]): void {
  if (diagnoses.length === 0) writeLine(terminal, 'No capability has tables, so there is nothing to sync.')
  for (const { capability, tables, findings, isRetired } of diagnoses) {
    const head = paint(terminal, 'bold', capability)
    if (tables.length === 0) writeLine(terminal, `${head} has no tables, so there is nothing to sync.`)
    else if (isRetired === true)
      writeLine(terminal, `${head} is retired: nothing of it is synced any more, so nothing was looked at.`)
    else if (findings.length === 0) writeLine(terminal, `${head} (${tables.join(', ')}): nothing was found.`)
    else writeLine(terminal, `${head} (${tables.join(', ')}): ${countAll(findings)}`)
    for (const finding of findings) printFinding(terminal, finding)
  }
}

function printSurroundings(terminal: Terminal, { looked, next }: Surroundings): void {
  for (const { what, isGood, found } of looked) {
    const mark = paint(terminal, isGood ? 'green' : 'red', isGood ? '✓' : '✗')
    writeLine(terminal, `  ${mark} ${what}: ${clean(found)}`)
  }
  writeLine(terminal, `  → ${next}`)
}

function countAll(findings: readonly Finding[]): string {
  const count = (severity: Finding['severity']) => findings.filter((one) => one.severity === severity).length
  const blocking = count('blocks')
  return `${blocking} that ${blocking === 1 ? 'blocks' : 'block'}, ${countOf(count('warns'), 'warning')}, ${countOf(count('note'), 'note')}`
}

const COLOURS = { blocks: 'red', warns: 'yellow', note: 'dim' } as const

function printFinding(terminal: Terminal, { code, severity, side, reason, why, mend }: Finding): void {
  const where = side === undefined ? '' : ` at ${side}`
  const lines = [
    '',
    `${paint(terminal, COLOURS[severity], severity)}  ${code}${where}: ${clean(reason)}`,
    `  Why it matters: ${why}`,
    `  What to do: ${clean(mend)}`,
  ]
  for (const line of lines) writeLine(terminal, line)
}

/** Names of tables and messages of servers must not move the cursor. */
function clean(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ')
}

/** A script must be able to stop here. */
function refuseBlocking(diagnoses: readonly Diagnosis[]): void {
  const blocking = diagnoses.flatMap(({ findings }) =>
    findings.filter(({ severity }) => severity === 'blocks'),
  )
  const [first] = blocking
  if (first === undefined) return
  throw new StranglerError(
    'STRANGLER_SYNC_REFUSED',
    `${blocking.length === 1 ? 'One finding blocks' : `${blocking.length} findings block`} the sync; the first is ${first.code}: ${first.reason}.`,
    { fix: first.mend },
  )
}

import { Argument, type Command, Option } from 'commander'
import type { AdminClient } from '../../admin/admin-client.ts'
import type { RehearsalAnswer } from '../../admin/cutover-contracts.ts'
import type { StepAnswer } from '../../admin/guide/migrate-contracts.ts'
import { StranglerError } from '../../core/errors.ts'
import {
  addDecisionOptions,
  type DecisionOptions,
  decisionFields,
  requireReason,
} from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { parseChoice, parseWhole } from '../parse-mode.ts'
import { printGate, printGuided, printLeftovers, showPosition } from '../show-guide.ts'
import { showUndone } from '../show-undone.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

const ACTIONS = ['status', 'next', 'back', 'cutover', 'retire'] as const
type Action = (typeof ACTIONS)[number]

interface MigrateOptions extends DecisionOptions {
  readonly auto?: 'cutover' | 'all' | 'off'
  readonly toStart?: true
  readonly uninstall?: true
  readonly dryRun?: true
  readonly override?: string[]
  readonly lose?: number
  readonly percent?: number
  readonly profile?: 'default' | 'demo'
}

const EXAMPLES = `
Examples:
  strangler migrate inventory status
  strangler migrate inventory next
  strangler migrate inventory next --override contract-recorded contract-passed --because "the service's own tests cover it"
  strangler migrate inventory next --percent 100
  strangler migrate inventory back --to-start --because "the fill rate is wrong"
  strangler migrate inventory cutover --dry-run
  strangler migrate inventory retire --dry-run`

export function addMigrate(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('migrate')
    .description('take a capability one step on, or back')
    .argument('<capability>')
    .addArgument(
      new Argument('[action]', 'what is to be done')
        .choices(ACTIONS)
        .argParser((text) => parseChoice(text, ACTIONS))
        .default('status'),
    )
  addDecisionOptions(command)
    .addOption(
      new Option('--auto [until]', 'let the kit take the steps itself: until the cut-over, `all`, or `off`')
        .choices(['cutover', 'all', 'off'])
        .preset('cutover'),
    )
    .option('--override <gate...>', 'pass gates that are closed; needs --because')
    .option('--to-start', 'with back: to where the monolith does everything; the copy is kept')
    .option('--uninstall', 'with back: take the sync out of both databases, once no step needs it')
    .option(
      '--lose <rows>',
      'with back: leave exactly so many rows behind, which the monolith refuses',
      parseWhole,
    )
    .option(
      '--percent <share>',
      'with next and back: this share of the users at once; 100 and 0 are blue-green',
      parseWhole,
    )
    .option('--dry-run', 'with cutover, back and retire: say what is in the way; change nothing')
    .option('--profile <name>', 'with the first step: the gates’ numbers, `default` or `demo`')
    .addHelpText('after', EXAMPLES)
    .action(async (capability: string, action: Action, options: MigrateOptions) => {
      if (options.override !== undefined) requireReason(command, options.because, '--override')
      const client = await connectAdmin(options, terminal)
      if (options.auto !== undefined) return switchAuto(client, { capability, options, terminal })
      if (action === 'status') return showStatus(client, { capability, options, terminal })
      if (options.dryRun) return rehearse(client, { capability, action, options, terminal })
      const answer = await act(client, { capability, action, options, terminal })
      if (options.json) return writeJson(terminal, answer)
      printStep(terminal, answer)
    })
}

interface Call {
  readonly capability: string
  readonly options: MigrateOptions
  readonly terminal: Terminal
}

async function act(
  client: AdminClient,
  { capability, action, options, terminal }: Call & { action: Exclude<Action, 'status'> },
): Promise<StepAnswer> {
  const fields = { ...(await decisionFields(client, options, terminal)), capability }
  const override = options.override ?? []
  if (action === 'back') {
    const { toStart = false, uninstall = false, lose } = options
    const lost = lose === undefined ? {} : { lose }
    return client.migrateBack({ ...fields, toStart, uninstall, ...lost, ...shareOf(options) })
  }
  if (action === 'retire') return client.retire({ ...fields, override })
  const { profile } = options
  return client.migrateNext({
    ...{ ...fields, override },
    ...(profile === undefined ? {} : { profile }),
    ...(action === 'cutover' ? { only: 'cutover' } : {}),
    ...shareOf(options),
  })
}

const shareOf = ({ percent }: MigrateOptions) => (percent === undefined ? {} : { percent })

async function showStatus(client: AdminClient, { capability, options, terminal }: Call): Promise<void> {
  const answer = await client.guide({ capability })
  if (options.json) return writeJson(terminal, answer)
  for (const guided of answer.capabilities) printGuided(terminal, guided)
  const calls = answer.capabilities.find(({ autopilot }) => autopilot?.does === 'call')
  if (calls === undefined) return
  throw new StranglerError('STRANGLER_AUTOPILOT_CALLS', calls.autopilot?.reason ?? 'A person must decide.', {
    fix: `Look at \`strangler guide ${capability}\`, and take the step yourself, or go back.`,
  })
}

async function switchAuto(client: AdminClient, { capability, options, terminal }: Call): Promise<void> {
  const until = options.auto ?? 'cutover'
  const fields = await decisionFields(client, options, terminal)
  const answer = await client.autopilot({ ...fields, capability, until })
  if (options.json) return writeJson(terminal, answer)
  const goes = until === 'all' ? 'to the end' : 'until the cut-over'
  const said =
    until === 'off'
      ? `The autopilot of ${capability} is off`
      : `The kit takes the steps of ${capability} itself, ${goes}, and goes back when users are hurt`
  writeLine(
    terminal,
    `${said} (version ${answer.version}). \`strangler migrate ${capability} status\` shows it.`,
  )
}

async function rehearse(client: AdminClient, call: Call & { action: Action }): Promise<void> {
  const { capability, action } = call
  if (action === 'retire') return rehearseRetirement(client, call)
  if (action === 'cutover' || action === 'back') return rehearseMove(client, call)
  throw new StranglerError('STRANGLER_INVALID_COMMAND', `The step ${action} has no rehearsal.`, {
    fix: `\`strangler guide ${capability}\` says what it would do.`,
  })
}

async function rehearseMove(
  client: AdminClient,
  { capability, action, options, terminal }: Call & { action: Action },
): Promise<void> {
  const to = action === 'cutover' ? 'service' : 'monolith'
  const lose = options.lose === undefined ? {} : { lose: options.lose }
  const rehearsal = await client.rehearseCutover({ capability, to, ...lose })
  if (options.json) writeJson(terminal, rehearsal)
  else printRehearsal(terminal, rehearsal)
  // As the cut-over itself would be refused.
  const [first] = rehearsal.obstacles
  if (first === undefined) return
  const found = rehearsal.obstacles.map(({ reason }) => reason).join('; ')
  throw new StranglerError('STRANGLER_CUTOVER_REFUSED', `${capability} cannot be cut over: ${found}.`, {
    fix: first.fix,
  })
}

function printRehearsal(terminal: Terminal, { parts, predictedMs, wayBack = [] }: RehearsalAnswer): void {
  const shown = Object.entries(parts).map(([name, ms]) => `${name} ${ms} ms`)
  // Nothing was measured: what is in the way says why.
  if (shown.length === 0) return
  writeLine(terminal, `Writes would be held for about ${predictedMs} ms: ${shown.join(', ')}.`)
  writeLine(
    terminal,
    'Transactions that run for longer at that moment come on top; where the ownership has not moved after four seconds, it is undone.',
  )
  const cameBack = wayBack.filter(({ outcome }) => outcome === 'came-back').length
  if (cameBack > 0)
    writeLine(
      terminal,
      `A row of ${cameBack === 1 ? 'one table' : `each of ${cameBack} tables`} was changed at the service, carried back to the monolith, and undone on both sides.`,
    )
  for (const { table, outcome, because } of wayBack)
    if (outcome === 'refused' || outcome === 'busy')
      writeLine(terminal, `The row of ${table} did not come back (${outcome}): ${because ?? ''}`)
}

async function rehearseRetirement(
  client: AdminClient,
  { capability, options, terminal }: Call,
): Promise<void> {
  const { gates, leftovers } = await client.rehearseRetirement(capability)
  if (options.json) writeJson(terminal, { capability, gates, leftovers })
  else {
    for (const gate of gates) printGate(terminal, gate)
    printLeftovers(terminal, leftovers)
  }
  const closed = gates.filter(({ state }) => state !== 'pass')
  if (closed.length === 0) return
  throw new StranglerError('STRANGLER_GATE_CLOSED', `${capability} cannot be retired yet.`, {
    fix: closed.map(({ fix }) => fix).join(' '),
  })
}

function printStep(terminal: Terminal, answer: StepAnswer): void {
  const { capability, position, version, gates, overridden, leftovers, heldMs, undoneMs } = answer
  for (const gate of gates) printGate(terminal, gate)
  for (const id of overridden) writeLine(terminal, `  ! ${id} was passed although it is closed.`)
  if (heldMs !== undefined) writeLine(terminal, `The ownership has moved; writes were held for ${heldMs} ms.`)
  const undone = showUndone(undoneMs)
  if (undone !== undefined) writeLine(terminal, `${undone}: \`strangler route history\` says why.`)
  writeLine(terminal, `${capability} is at step ${showPosition(position)} now (version ${version}).`)
  if (leftovers === undefined) writeLine(terminal, `What comes next: \`strangler guide ${capability}\`.`)
  else printLeftovers(terminal, leftovers)
}

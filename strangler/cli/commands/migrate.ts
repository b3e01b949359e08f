import { Argument, type Command } from 'commander'
import type { CutoverAnswer, RehearsalAnswer } from '../../admin/cutover-contracts.ts'
import { StranglerError } from '../../core/errors.ts'
import type { Side } from '../../core/words.ts'
import { addDecisionOptions, type DecisionOptions, decisionFields } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { parseWhole } from '../parse-mode.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

/** Where the ownership goes by each step. */
const STEPS = { cutover: 'service', back: 'monolith' } as const satisfies Record<string, Side>

interface MigrateOptions extends DecisionOptions {
  readonly dryRun?: true
  readonly lose?: number
}

export function addMigrate(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('migrate')
    .description('move the ownership of a capability: to the service, or back to the monolith')
    .argument('<capability>')
    .addArgument(new Argument('<step>', 'what is to be done').choices(Object.keys(STEPS)))
  addDecisionOptions(command)
    .option('--dry-run', 'say what is in the way and for how long writes would be held; hold none')
    .option('--lose <rows>', 'leave exactly so many rows behind, which the other side refuses', parseWhole)
    .addHelpText(
      'after',
      '\nExamples:\n  strangler migrate inventory cutover --dry-run\n  strangler migrate inventory cutover --because "the copy is proven"\n  strangler migrate inventory back --because "the service is slow"',
    )
    .action(async (capability: string, step: keyof typeof STEPS, options: MigrateOptions) => {
      const client = await connectAdmin(options, terminal)
      const [to, lose] = [STEPS[step], options.lose === undefined ? {} : { lose: options.lose }]
      if (options.dryRun === true) {
        const rehearsal = await client.rehearseCutover({ capability, to, ...lose })
        if (options.json) writeJson(terminal, rehearsal)
        else showRehearsal(terminal, rehearsal)
        return refuseObstacles(capability, rehearsal)
      }
      const fields = await decisionFields(client, options, terminal)
      const moved = await client.cutOver({ ...fields, capability, to, ...lose })
      if (options.json) writeJson(terminal, moved)
      else showMoved(terminal, { capability, to, moved })
    })
}

function showRehearsal(terminal: Terminal, { parts, predictedMs }: RehearsalAnswer): void {
  const shown = Object.entries(parts).map(([name, ms]) => `${name} ${ms} ms`)
  writeLine(terminal, `Writes would be held for about ${predictedMs} ms: ${shown.join(', ')}.`)
  writeLine(
    terminal,
    'Transactions that run for longer at that moment come on top; beyond four seconds it is undone.',
  )
}

/** As the cut-over itself would be. */
function refuseObstacles(capability: string, { obstacles }: RehearsalAnswer): void {
  const [first] = obstacles
  if (first === undefined) return
  const found = obstacles.map(({ reason }) => reason).join('; ')
  throw new StranglerError('STRANGLER_CUTOVER_REFUSED', `${capability} cannot be cut over: ${found}.`, {
    fix: first.fix,
  })
}

function showMoved(
  terminal: Terminal,
  { capability, to, moved }: { capability: string; to: Side; moved: CutoverAnswer },
): void {
  writeLine(
    terminal,
    `The ${to} owns ${capability} (version ${moved.version}); its writes were held for ${moved.heldMs} ms.`,
  )
  writeLine(terminal, `The sync goes on the other way: \`strangler sync status ${capability}\`.`)
}

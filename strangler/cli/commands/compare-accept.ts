import type { Command } from 'commander'
import type { AcceptCommand } from '../../admin/compare-contracts.ts'
import { countOf } from '../../core/count-of.ts'
import {
  addDecisionOptions,
  type DecisionOptions,
  decisionFields,
  requireReason,
} from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { parseWhole } from '../parse-mode.ts'
import { parseWhere } from '../parse-where.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

interface AcceptOptions extends DecisionOptions {
  readonly kind: AcceptCommand['kind']
  readonly owner: string
  readonly days: number
}

const REJECT_EXAMPLES = `
Examples:
  strangler compare reject 12 --because "it was a bug after all"
  strangler compare reject 12 --as anna --json`

export function addCompareAccept(parent: Command, terminal: Terminal): void {
  const command: Command = parent
    .command('accept')
    .description('answer for a difference: it counts as accepted until it expires')
    .argument('<endpoint>', 'method and template, in quotes')
    .argument('<path>', 'a path glob as the report names places, in quotes: $.items[].price')
  addDecisionOptions(command)
    .requiredOption('--owner <name>', 'who answers for it')
    .option('--kind <kind>', 'only this kind of difference', 'any')
    .option('--days <n>', 'for how long', parseWhole, 30)
    .addHelpText(
      'after',
      '\nExamples:\n  strangler compare accept "GET /api/inventory/:sku" "$.fillRate" --kind value --owner ana --because "rounded now"',
    )
    .action(async (endpoint: string, path: string, options: AcceptOptions) => {
      const because = requireReason(command, options.because, 'an acceptance')
      const client = await connectAdmin(options, terminal)
      const fields = { ...(await decisionFields(client, options, terminal)), because }
      const { owner, kind, days } = options
      const where = { endpoint: parseWhere(endpoint).endpoint ?? endpoint, path }
      // Whether it is all as it should be the API says, in words for people.
      const answer = await client.acceptDifference({ ...fields, ...where, kind, owner, days })
      if (options.json) return writeJson(terminal, answer)
      writeLine(
        terminal,
        `${owner} answers for ${path} for ${countOf(Number(days), 'day')} (a${answer.version}). \`strangler compare reject a${answer.version}\` takes it back.`,
      )
    })
}

export function addCompareReject(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('reject')
    .description('nobody answers for a difference any more')
    .argument('<id>', 'as `strangler compare rules` shows it')
  addDecisionOptions(command)
    .addHelpText('after', REJECT_EXAMPLES)
    .action(async (id: string, options: DecisionOptions) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.rejectDifference({
        ...(await decisionFields(client, options, terminal)),
        id,
      })
      if (options.json) return writeJson(terminal, answer)
      writeLine(terminal, `${id} counts as a mismatch again (version ${answer.version}).`)
    })
}

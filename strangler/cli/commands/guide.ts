import type { Command } from 'commander'
import type { CommandAnswer } from '../../admin/contracts.ts'
import {
  addDecisionOptions,
  addQuestionOptions,
  type DecisionOptions,
  decisionFields,
  type QuestionOptions,
  requireReason,
} from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { printGuided } from '../show-guide.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

export function addGuide(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('guide')
    .description('where each capability is on its way out of the monolith, and what comes next')
    .argument('[capability]', 'all by default')
  addQuestionOptions(command)
    .addHelpText('after', '\nExamples:\n  strangler guide\n  strangler guide inventory')
    .action(async (capability: string | undefined, options: QuestionOptions) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.guide(capability === undefined ? {} : { capability })
      if (options.json) return writeJson(terminal, answer)
      answer.capabilities.forEach((guided, index) => {
        if (index > 0) writeLine(terminal, '')
        printGuided(terminal, guided)
      })
      if (!answer.confirmed)
        writeLine(terminal, 'The control database does not answer: this is what the process knew last.')
    })
  addRare(command, terminal)
}

interface RareOptions extends DecisionOptions {
  readonly not?: true
}

function addRare(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('rare')
    .description('say that an endpoint is used seldom, so that no step waits for its requests')
    .argument('<endpoint...>', 'method and template, in quotes; one or more')
  addDecisionOptions(command)
    .option('--not', 'it is not rare after all')
    .addHelpText(
      'after',
      '\nExamples:\n  strangler guide rare "GET /api/inventory/stream" --because "only the warehouse’s screen"\n  strangler guide rare "GET /api/inventory/stream" --not --because "the new app uses it"',
    )
    .action(async (endpoints: string[], given: RareOptions, command: Command) => {
      // Options that the parent has too are the parent's.
      const options = { ...command.optsWithGlobals(), ...given } as RareOptions
      const because = requireReason(command, options.because, 'a mark')
      const client = await connectAdmin(options, terminal)
      const rare = options.not !== true
      const answers: CommandAnswer[] = []
      for (const endpoint of endpoints) {
        const fields = await decisionFields(client, options, terminal)
        const answer = await client.markRare({ ...fields, because, endpoint, rare })
        answers.push(answer)
        if (options.json) continue
        const verb = answer.changed ? 'is now' : 'was already'
        writeLine(
          terminal,
          `${endpoint} ${verb} ${rare ? '' : 'not '}marked as rare (version ${answer.version}).`,
        )
      }
      if (options.json) writeJson(terminal, answers.length === 1 ? answers[0] : answers)
    })
}

import type { Command } from 'commander'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { collectHeader } from '../parse-mode.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

const EXAMPLES = `
Examples:
  strangler route why GET /api/inventory/A-1 --user 4711
  strangler route why GET /api/inventory/A-1 --header "x-tenant: acme" --json`

interface WhyOptions extends QuestionOptions {
  readonly user?: string
  readonly address?: string
  readonly header: Record<string, string>
}

export function addRouteWhy(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('why')
    .description('where the route table sends a request, and why; breaker and fall-back come on top')
    .argument('<method>')
    .argument('<path>')
  addQuestionOptions(command)
    .option('--user <value>', 'what marks the user: the value of the capability’s unit')
    .option('--header <name:value>', 'a header of the request; may be given again', collectHeader, {})
    .option('--address <ip>', 'the client’s address')
    .addHelpText('after', EXAMPLES)
    .action(async (method: string, path: string, { user, address, header, ...options }: WhyOptions) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.why({
        method,
        path,
        headers: header,
        ...(user === undefined ? {} : { user }),
        ...(address === undefined ? {} : { address }),
      })
      if (options.json) writeJson(terminal, answer)
      else writeLine(terminal, `${answer.sentence} (${answer.reason}, table version ${answer.tableVersion})`)
    })
}

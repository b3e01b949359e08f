import type { Command } from 'commander'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { printTable } from '../print-table.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

const EXAMPLES = `
Examples:
  strangler compare rules
  strangler compare rules --json`

export function addCompareRules(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('rules')
    .description('what of the answers may differ: by the configuration, and because somebody answers for it')
  addQuestionOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (options: QuestionOptions) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.compareRules()
      if (options.json) return writeJson(terminal, answer)
      for (const { endpoint, rules } of answer.endpoints) {
        const shown = Object.entries(rules).filter(([, value]) => !isNothing(value))
        for (const [name, value] of shown)
          writeLine(terminal, `${endpoint}: ${name} ${JSON.stringify(value)}`)
      }
      if (answer.accepted.length === 0) return writeLine(terminal, 'Nobody has accepted a difference.')
      printTable(terminal, answer.accepted, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'ENDPOINT', value: ({ endpoint }) => endpoint, mayShrink: 'last' },
        { title: 'DIFFERENCE', value: ({ kind, path }) => `${kind} ${path}`, mayShrink: true },
        { title: 'OWNER', value: ({ owner }) => owner },
        {
          title: 'UNTIL',
          value: ({ expiresAt, isExpired }) => `${expiresAt.slice(0, 10)}${isExpired ? ' (expired)' : ''}`,
        },
        { title: 'BECAUSE', value: ({ because }) => because, mayShrink: true },
      ])
    })
}

function isNothing(value: unknown): boolean {
  return value === false || (Array.isArray(value) && value.length === 0)
}

import type { Command } from 'commander'
import type { RoutesAnswer } from '../../admin/contracts.ts'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { showMode } from '../parse-mode.ts'
import { printTable } from '../print-table.ts'
import { showOverrideReason, showTime } from '../show-event.ts'
import { paint, type Terminal, writeJson, writeLine } from '../terminal.ts'

export function addRouteList(parent: Command, terminal: Terminal): void {
  const command = parent.command('list').description('every endpoint, its mode, and who set it')
  addQuestionOptions(command)
    .addHelpText('after', '\nExamples:\n  strangler route list\n  strangler route list --json | jq .version')
    .action(async (options: QuestionOptions) => {
      const answer = await (await connectAdmin(options, terminal)).routes()
      if (options.json) writeJson(terminal, answer)
      else printRoutes(terminal, answer)
    })
}

type Row = RoutesAnswer['routes'][number]

function printRoutes(terminal: Terminal, { version, confirmed, routes, orphans }: RoutesAnswer): void {
  printTable<Row>(terminal, routes, [
    { title: 'ENDPOINT', value: (row) => row.endpoint, mayShrink: 'last' },
    { title: 'CAPABILITY', value: (row) => row.capability },
    { title: 'MODE', value: (row) => `${showMode(row.setting)}${row.override?.unsafe ? ' (unsafe)' : ''}` },
    { title: 'SET', value: showOrigin, mayShrink: true },
    { title: 'BECAUSE', value: ({ override }) => showOverrideReason(override), mayShrink: true },
  ])
  writeLine(terminal, paint(terminal, 'dim', `version ${version}`))
  for (const orphan of orphans) {
    writeLine(
      terminal,
      `An operator’s mode for ${orphan} does nothing: the configuration has no such endpoint. \`strangler route clear "${orphan}"\` removes it.`,
    )
  }
  if (!confirmed) {
    writeLine(terminal, 'The control database does not answer: this is what the process knew last.')
  }
}

function showOrigin({ override, source }: Row): string {
  return override === undefined ? source : `${override.by}, ${showTime(override.at)}`
}

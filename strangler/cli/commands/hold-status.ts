import type { Command } from 'commander'
import type { HoldsAnswer } from '../../admin/contracts.ts'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { printTable } from '../print-table.ts'
import { showTime } from '../show-event.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

export function addHoldStatus(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('status')
    .description('open holds, and which proxies have no write in flight')
  addQuestionOptions(command)
    .addHelpText('after', '\nExamples:\n  strangler hold status')
    .action(async (options: QuestionOptions) => {
      const answer = await (await connectAdmin(options, terminal)).holds()
      if (options.json) writeJson(terminal, answer)
      else printHolds(terminal, answer)
    })
}

function printHolds(terminal: Terminal, { holds }: HoldsAnswer): void {
  if (holds.length === 0) {
    writeLine(terminal, 'No writes are held.')
    return
  }
  printTable(terminal, holds, [
    { title: 'CAPABILITY', value: (hold) => hold.capability },
    { title: 'PHASE', value: (hold) => (hold.isExpired ? `${hold.phase}, expired` : hold.phase) },
    { title: 'UNTIL', value: (hold) => showTime(hold.expiresAt) },
    { title: 'ACKNOWLEDGED', value: (hold) => hold.acknowledgedBy.join(' ') || '-', mayShrink: true },
    { title: 'WAITING FOR', value: (hold) => hold.waitingFor.join(' ') || '-', mayShrink: true },
  ])
}

import type { Command } from 'commander'
import type { HistoryAnswer } from '../../admin/contracts.ts'
import { countOf } from '../../core/count-of.ts'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { parseWhole } from '../parse-mode.ts'
import { printTable } from '../print-table.ts'
import { showEvent, showReason, showTime } from '../show-event.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

interface HistoryOptions extends QuestionOptions {
  readonly limit: number
  readonly before?: number
}

export function addRouteHistory(parent: Command, terminal: Terminal): void {
  const command = parent.command('history').description('who decided what, when and why; newest first')
  addQuestionOptions(command)
    .option('--limit <count>', 'how many decisions, 1,000 at most', parseWhole, 20)
    .option('--before <version>', 'only decisions before this version', parseWhole)
    .addHelpText('after', '\nExamples:\n  strangler route history\n  strangler route history --before 100')
    .action(async ({ limit, before, ...options }: HistoryOptions) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.history({ limit, ...(before === undefined ? {} : { before }) })
      if (options.json) return writeJson(terminal, answer)
      printTable(terminal, answer.entries, [
        { title: 'VERSION', value: (entry) => String(entry.version) },
        { title: 'AT', value: (entry) => showTime(entry.at) },
        { title: 'BY', value: (entry) => entry.by, mayShrink: true },
        { title: 'WHAT', value: (entry) => showEvent(entry.event), mayShrink: true },
        { title: 'BECAUSE', value: showReason, mayShrink: true },
      ])
      const earlier = describeEarlier(answer)
      if (earlier !== undefined) writeLine(terminal, earlier)
    })
}

/** Versions have no gaps, so the oldest that is shown tells how many there are before it. */
function describeEarlier({ entries }: HistoryAnswer): string | undefined {
  const left = (entries.at(-1)?.version ?? 1) - 1
  if (left <= 0) return undefined
  return `… ${countOf(left, 'earlier decision')}: \`strangler route history --before ${left + 1}\` shows the next ones, \`--limit 1000\` more at once.`
}

import type { Command } from 'commander'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { collectHeader } from '../parse-mode.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'
import { printAnswers, printDifferences } from './compare-show.ts'

export function addCompareReplay(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('replay')
    .description('ask both sides again, and compare the answers of now')
    .argument('<id>', 'as `strangler compare samples` lists it')
  addQuestionOptions(command)
    .option('--header <name:value>', 'what was masked, e.g. authorization; repeatable', collectHeader, {})
    .addHelpText(
      'after',
      '\nExamples:\n  strangler compare replay 3Vb0Kx1YpQ2a --header "authorization: Bearer $TOKEN"',
    )
    .action(async (id: string, options: QuestionOptions & { header: Record<string, string> }) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.replaySample({ id, headers: options.header })
      if (options.json) return writeJson(terminal, answer)
      if (answer.skipped !== undefined) writeLine(terminal, `Not compared: ${answer.skipped}.`)
      else if (answer.differences.length === 0) writeLine(terminal, 'The two answers are the same now.')
      else printDifferences(terminal, answer.differences)
      if (answer.answers !== undefined)
        printAnswers(terminal, {
          answers: answer.answers,
          differences: answer.differences,
          side: answer.primary,
        })
    })
}

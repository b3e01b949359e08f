import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { StranglerError } from '../../core/errors.ts'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

const EXAMPLES = `
Examples:
  strangler compare export 3f6c1d2e-7a01-4b7e-9c55-0d9f1b2a8e44
  strangler compare export 3f6c1d2e-7a01-4b7e-9c55-0d9f1b2a8e44 --out -`

export function addCompareExport(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('export')
    .description('write an exchange as a Vitest file that asks the service for the monolith’s answer')
    .argument('<id>', 'as `strangler compare samples` lists it')
  addQuestionOptions(command)
    .addHelpText('after', EXAMPLES)
    .option('--out <file>', 'where to; `-` prints it', undefined)
    .action(async (id: string, options: QuestionOptions & { out?: string }) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.compareExport(id)
      if (options.json) return writeJson(terminal, answer)
      if (options.out === '-') return writeLine(terminal, answer.text.trimEnd())
      const file = options.out ?? answer.fileName
      await writeNew(file, answer.text)
      writeLine(terminal, `${file} is written. Its first lines say how to run it.`)
    })
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' })
  } catch (error) {
    throw new StranglerError(
      'STRANGLER_INVALID_COMMAND',
      `${file} cannot be written: ${(error as Error).message}.`,
      {
        fix: 'Name another file with --out.',
        cause: error,
      },
    )
  }
}

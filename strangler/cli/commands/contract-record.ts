import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Command } from 'commander'
import { countOf } from '../../core/count-of.ts'
import { StranglerError } from '../../core/errors.ts'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

export const contractFileOf = (capability: string) => `contracts/${capability}.openapi.json`

export function addContractRecord(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('record')
    .description('write down what the monolith answers, as an OpenAPI document without any value')
    .argument('<capability>')
  addQuestionOptions(command)
    .option('--out <file>', 'where to; `-` prints it (default: contracts/CAPABILITY.openapi.json)')
    .addHelpText('after', '\nExamples:\n  strangler contract record inventory')
    .action(async (capability: string, options: QuestionOptions & { out?: string }) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.recordContract(capability)
      const file = options.out ?? contractFileOf(capability)
      const text = `${JSON.stringify(answer.document, undefined, 2)}\n`
      if (file !== '-') await write(file, text)
      if (options.json) return writeJson(terminal, answer)
      if (file === '-') return writeLine(terminal, text.trimEnd())
      const exchanges = answer.learnt?.endpoints.reduce((sum, one) => sum + one.exchanges, 0) ?? 0
      writeLine(
        terminal,
        `${file} tells ${countOf(answer.recorded?.endpoints ?? 0, 'endpoint')}, from ${countOf(exchanges, 'answer')} of build ${answer.recorded?.build}.`,
      )
      if (answer.unseen.length > 0)
        writeLine(terminal, `Not seen yet, and so not in it: ${answer.unseen.join('; ')}.`)
    })
}

/** A contract is recorded again and again, and belongs under version control: what was there is replaced. */
async function write(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  } catch (error) {
    throw new StranglerError(
      'STRANGLER_INVALID_COMMAND',
      `${file} cannot be written: ${(error as Error).message}.`,
      { fix: 'Name another file with --out.', cause: error },
    )
  }
}

import type { Command } from 'commander'
import type { AdminClient } from '../../admin/admin-client.ts'
import type { RepairAnswer } from '../../admin/sync-contracts.ts'
import { countOf } from '../../core/count-of.ts'
import { showCount } from '../../guide/show.ts'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

export function addSyncRepair(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('repair')
    .description('bring the rows that `sync verify` has found to what the owner has')
    .argument('<capability>')
  addQuestionOptions(command)
    .addHelpText('after', '\nExamples:\n  strangler sync repair inventory')
    .action(async (capability: string, options: QuestionOptions) => {
      const done = await repairAll(await connectAdmin(options, terminal), capability)
      if (options.json) return writeJson(terminal, done)
      const { repaired, same, newer, refused, errors } = done
      writeLine(
        terminal,
        `${countOf(repaired, 'row')} of ${capability} repaired; the same by now: ${showCount(same)}, with a newer change: ${showCount(newer)}, refused: ${showCount(refused)}.`,
      )
      for (const { table, key, error } of errors) writeLine(terminal, `  ${table} ${key}: ${error}`)
    })
}

/** Part by part, as long as a part gets on. */
async function repairAll(client: AdminClient, capability: string): Promise<RepairAnswer> {
  const sum = { repaired: 0, same: 0, newer: 0 }
  for (;;) {
    const part = await client.repairSync({ capability })
    sum.repaired += part.repaired
    sum.same += part.same
    sum.newer += part.newer
    const isStuck = part.repaired + part.same + part.newer === 0
    if (part.left === 0 || isStuck) return { ...part, ...sum }
  }
}

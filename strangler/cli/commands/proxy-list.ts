import type { Command } from 'commander'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { printTable } from '../print-table.ts'
import { showTime } from '../show-event.ts'
import { type Terminal, writeJson } from '../terminal.ts'

export function addProxyList(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('list')
    .description('every registered proxy and worker, and the table it has')
  addQuestionOptions(command)
    .addHelpText('after', '\nExamples:\n  strangler proxy list')
    .action(async (options: QuestionOptions) => {
      const answer = await (await connectAdmin(options, terminal)).proxies()
      if (options.json) return writeJson(terminal, answer)
      const showTable = (version: number) =>
        version < answer.version ? `${version} of ${answer.version}` : String(version)
      printTable(terminal, answer.proxies, [
        { title: 'ID', value: (proxy) => proxy.id },
        { title: 'KIND', value: ({ kind, capability }) => (capability ? `${kind} of ${capability}` : kind) },
        { title: 'HOST', value: (proxy) => proxy.host, mayShrink: true },
        { title: 'PID', value: (proxy) => String(proxy.pid) },
        { title: 'STARTED', value: (proxy) => showTime(proxy.startedAt) },
        { title: 'SEEN', value: (proxy) => showTime(proxy.seenAt) },
        { title: 'TABLE', value: (proxy) => showTable(proxy.tableVersion) },
        { title: 'HOLDS', value: (proxy) => proxy.holdsAcknowledged.join(' '), mayShrink: true },
      ])
    })
}

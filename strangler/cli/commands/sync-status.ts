import type { Command } from 'commander'
import type { SyncAnswer } from '../../admin/sync-contracts.ts'
import { checkCapabilityName } from '../../core/check-capability-name.ts'
import { countOf } from '../../core/count-of.ts'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { printTable } from '../print-table.ts'
import { showPause } from '../show-pause.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

type Sync = SyncAnswer['syncs'][number]

export function addSyncStatus(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('status')
    .description('how far each sync is: lag, backfill, what could not be applied')
    .argument('[capability]')
  addQuestionOptions(command)
    .addHelpText('after', '\nExamples:\n  strangler sync status\n  strangler sync status inventory --json')
    .action(async (capability: string | undefined, options: QuestionOptions) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.syncs()
      const syncs = answer.syncs.filter((sync) => capability === undefined || sync.capability === capability)
      // Only those with tables have a sync; of the others the routes know.
      if (capability !== undefined && syncs.length === 0) {
        const { routes } = await client.routes()
        checkCapabilityName(capability, [...new Set(routes.map((route) => route.capability))])
      }
      if (options.json) writeJson(terminal, { ...answer, syncs })
      else {
        printSyncs(terminal, syncs, capability)
        if (answer.installation !== undefined)
          writeLine(terminal, `installation ${answer.installation}: its id in queues, jobs and databases`)
      }
    })
}

function printSyncs(terminal: Terminal, syncs: readonly Sync[], asked: string | undefined): void {
  if (syncs.length === 0) {
    writeLine(
      terminal,
      `${asked ?? 'No capability'} has ${asked === undefined ? '' : 'no '}tables, so there is nothing to sync.`,
    )
    return
  }
  printTable(terminal, syncs, [
    { title: 'CAPABILITY', value: (sync) => sync.capability },
    { title: 'STATE', value: (sync) => sync.state },
    { title: 'EPOCH', value: (sync) => String(sync.epoch ?? '-') },
    {
      title: 'LAG',
      value: ({ live }) => (live === undefined ? '-' : `${(live.lagMs / 1_000).toFixed(1)} s`),
    },
    { title: 'ENTRIES', value: ({ live }) => String(live?.entries ?? '-') },
    { title: 'BACKFILL', value: ({ live }) => showBackfill(live), mayShrink: true },
    { title: 'REFUSED', value: ({ live }) => String(live?.quarantine.length ?? '-') },
  ])
  for (const sync of syncs) for (const note of listNotes(sync)) writeLine(terminal, note)
}

function showBackfill(live: Sync['live']): string {
  if (live?.backfill === undefined) return '-'
  const { state, rows, table } = live.backfill
  return state === 'done'
    ? `done, ${countOf(rows, 'row')}`
    : `${countOf(rows, 'row')}${table === undefined ? '' : `, at ${table}`}`
}

/** What a person should look at, one line each. */
function listNotes(sync: Sync): string[] {
  const { capability, direction, live, lost, problem } = sync
  const pause = showPause(sync)
  const notes = [
    ...(pause === undefined
      ? []
      : [`paused ${pause}; \`strangler sync resume ${capability}\` goes on with it`]),
    ...(problem === undefined ? [] : [problem]),
    ...(live?.health?.problems ?? []),
    ...(direction === 'reverse' ? ['the service owns: changes go from the service to the monolith'] : []),
    ...(lost === undefined
      ? []
      : [
          `its ${lost} had lost what it had, so this epoch began; compare all rows: strangler sync verify ${capability}`,
        ]),
    ...(live?.strayWrites ?? []).flatMap(({ table, count, lastAt, by, rows }) => [
      `stray writes: ${count} to ${table}, the last at ${lastAt}, by ${by.join(', ')}; they are not carried over`,
      ...rows.map(
        ({ key, op, at, columns }) =>
          `  ${at} ${op} ${key}${columns.length === 0 ? '' : `: ${columns.join(', ')}`}`,
      ),
    ]),
    ...(live?.throttled === undefined ? [] : [live.throttled]),
    ...(live?.backfill?.throttled === undefined ? [] : [`the backfill waits: ${live.backfill.throttled}`]),
    ...(live?.backfill?.firstRefusal === undefined ? [] : [`refused: ${live.backfill.firstRefusal}`]),
    ...(live?.warnings ?? []),
    ...(live?.quarantine.slice(0, 5) ?? []).map(
      (row) => `refused: ${row.table} ${row.key}, ${countOf(row.attempts, 'time')}: ${row.error}`,
    ),
    ...(live?.runsHere === false ? ['its ends do not run in the process that was asked'] : []),
  ]
  return notes.map((note) => `${capability}: ${note}`)
}

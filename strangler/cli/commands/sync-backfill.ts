import type { Command } from 'commander'
import type { AdminClient } from '../../admin/admin-client.ts'
import type { SyncAnswer } from '../../admin/sync-contracts.ts'
import { StranglerError } from '../../core/errors.ts'
import { showCount } from '../../guide/show.ts'
import { addDecisionOptions, type DecisionOptions, decisionFields } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { followProgress } from '../progress.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

/** As long as the answering process is given to begin the new epoch itself. */
const BEGINS_WITHIN_MS = 20_000

type Backfill = NonNullable<NonNullable<SyncAnswer['syncs'][number]['live']>['backfill']>

/** `sync backfill`: begins to copy every row. On a terminal it stays and shows how far that is. */
export function addSyncBackfill(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('backfill')
    .description('copy every row into the other side’s database, in a new epoch')
    .argument('<capability>')
  addDecisionOptions(command)
    .option('--wait', 'stay until every row is there (what a terminal does anyway)')
    .option('--no-wait', 'return at once; `strangler sync status` shows how far it is')
    .addHelpText(
      'after',
      '\nExamples:\n  strangler sync backfill inventory\n  strangler sync backfill inventory --no-wait',
    )
    .action(async (capability: string, options: DecisionOptions & { wait?: boolean }) => {
      const client = await connectAdmin(options, terminal)
      const fields = await decisionFields(client, options, terminal)
      const answer = await client.changeSync('backfill', { ...fields, capability })
      const waits = options.wait ?? (terminal.stderr.isTTY === true && options.json !== true)
      const done = waits ? await waitForRows(terminal, client, capability) : undefined
      if (options.json) writeJson(terminal, { ...answer, ...(done === undefined ? {} : { backfill: done }) })
      else writeLine(terminal, describe(capability, { ...answer, done }))
    })
}

function describe(
  capability: string,
  { changed, version, done }: { changed: boolean; version: number; done: Backfill | undefined },
): string {
  if (done !== undefined)
    return `Every row of ${capability} is there: ${showCount(done.rows)} copied (version ${version}).`
  const what = changed ? 'copies every row; `strangler sync status` shows how far it is' : 'copies already'
  return `The sync of ${capability} ${what} (version ${version}).`
}

/** Ending this command ends the watching only: the copying is the kit's. */
function waitForRows(terminal: Terminal, client: AdminClient, capability: string): Promise<Backfill> {
  const giveUpAt = performance.now() + BEGINS_WITHIN_MS
  return followProgress(terminal, async () => {
    const sync = (await client.syncs()).syncs.find((one) => one.capability === capability)
    // What was copied in an epoch before says nothing.
    const isItsOwn = sync?.live?.epoch === sync?.epoch
    const backfill = isItsOwn ? sync?.live?.backfill : undefined
    if (backfill?.state === 'done') return { end: backfill }
    if (sync === undefined || sync.state === 'not installed') {
      throw new StranglerError('STRANGLER_SYNC_CONFLICT', `The sync of ${capability} was ended meanwhile.`, {
        fix: 'Look who did it with `strangler route history`.',
      })
    }
    // Between two epochs nothing runs for a moment.
    if (sync.live?.runsHere === false && performance.now() > giveUpAt) {
      throw new StranglerError(
        'STRANGLER_SYNC_CONFLICT',
        `The sync of ${capability} does not run in the process that answers, which cannot tell how far it is.`,
        { fix: 'Ask the process that runs it, with `--admin-url`; the copying goes on.' },
      )
    }
    return { progress: progressOf(sync, backfill) }
  })
}

function progressOf(sync: SyncAnswer['syncs'][number], backfill: Backfill | undefined) {
  const waits =
    sync.state === 'paused'
      ? 'the sync is paused'
      : (backfill?.throttled ?? backfill?.firstRefusal ?? sync.problem)
  return { done: backfill?.rows ?? 0, expected: sync.live?.expectedRows, at: backfill?.table, waits }
}

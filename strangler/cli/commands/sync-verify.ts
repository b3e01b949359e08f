import type { Command } from 'commander'
import type { AdminClient } from '../../admin/admin-client.ts'
import type { SyncAnswer } from '../../admin/sync-contracts.ts'
import { countOf } from '../../core/count-of.ts'
import { StranglerError } from '../../core/errors.ts'
import { showCount } from '../../guide/show.ts'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { followProgress } from '../progress.ts'
import { showPause } from '../show-pause.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

type Sync = SyncAnswer['syncs'][number]
type Verify = NonNullable<NonNullable<Sync['live']>['verify']>

interface Found {
  readonly found: Verify
  /** Since when and by whom the sync is paused, when it is at the end. */
  readonly pause: string | undefined
}

export function addSyncVerify(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('verify')
    .description('compare every row of both sides while both are written to; waits for the result')
    .argument('<capability>')
  addQuestionOptions(command)
    .addHelpText('after', '\nExamples:\n  strangler sync verify inventory')
    .action(async (capability: string, options: QuestionOptions) => {
      const client = await connectAdmin(options, terminal)
      await client.verifySync({ capability })
      const end = await waitForEnd(terminal, client, capability)
      if (options.json) writeJson(terminal, end.found)
      else printFound(terminal, capability, end)
      refuseDivergence(capability, end.found)
      refusePause(capability, end)
    })
}

/** A running comparison shows how far it is; one that has vanished is no result. */
function waitForEnd(terminal: Terminal, client: AdminClient, capability: string): Promise<Found> {
  return followProgress(terminal, async () => {
    const sync = (await client.syncs()).syncs.find((one) => one.capability === capability)
    const pause = sync && showPause(sync)
    const verify = sync?.live?.verify
    if (verify === undefined) {
      throw new StranglerError(
        'STRANGLER_SYNC_CONFLICT',
        `The comparison of ${capability} is gone: ${sync?.problem ?? 'the process that ran it was started anew'}.`,
        { fix: 'Repeat the command; it goes on where it was.' },
      )
    }
    if (verify.state !== 'running') return { end: { found: verify, pause } }
    const waits = pause === undefined ? undefined : `the sync is paused ${pause}`
    return { progress: { done: verify.compared ?? 0, expected: sync?.live?.expectedRows, waits } }
  })
}

function printFound(terminal: Terminal, capability: string, { found, pause }: Found): void {
  if (found.state === 'failed') return
  const { compared = 0, inFlight = 0, tookMs = 0, samples = [] } = found
  const seconds = (tookMs / 1_000).toFixed(1)
  writeLine(terminal, `${countOf(compared, 'row')} of ${capability} compared in ${seconds} s.`)
  if (inFlight > 0)
    writeLine(
      terminal,
      pause === undefined
        ? `${inFlight} more did not come to rest: they were changed all the time.`
        : `${inFlight} more wait for a change that is not carried: the sync is paused ${pause}.`,
    )
  for (const { table, key, kind, columns } of samples) {
    const where = columns.length === 0 ? '' : ` in ${columns.join(', ')}`
    writeLine(terminal, `  ${table} ${key}: ${kind === 'inFlight' ? 'on its way' : kind}${where}`)
  }
  const left = countFound(found) + inFlight - samples.length
  if (left > 0) writeLine(terminal, `  … and ${left.toLocaleString('en-US')} more`)
}

const countFound = ({ missing = 0, extra = 0, different = 0 }: Verify) => missing + extra + different

/** A script must not take a copy for the same that is not. */
function refuseDivergence(capability: string, found: Verify): void {
  const { missing = 0, extra = 0, different = 0 } = found
  if (found.state === 'failed') {
    throw new StranglerError(
      'STRANGLER_SYNC_CONFLICT',
      `The comparison of ${capability} has failed: ${found.error}.`,
      { fix: `Mend that, and repeat the command; it goes on where it was.` },
    )
  }
  if (countFound(found) === 0) return
  throw new StranglerError(
    'STRANGLER_SYNC_DIVERGED',
    `In the service's database ${countOf(missing, 'row')} of ${capability} ${missing === 1 ? 'is' : 'are'} missing, ${showCount(extra)} too many and ${showCount(different)} different.`,
    { fix: `\`strangler sync repair ${capability}\` repairs them.`, details: { missing, extra, different } },
  )
}

/** What waits cannot be called the same, and no patience of the comparison will bring it. */
function refusePause(capability: string, { found: { inFlight = 0 }, pause }: Found): void {
  if (pause === undefined || inFlight === 0) return
  throw new StranglerError(
    'STRANGLER_SYNC_CONFLICT',
    `${countOf(inFlight, 'row')} of ${capability} cannot be compared: the sync is paused ${pause}, and their changes wait.`,
    {
      fix: `\`strangler sync resume ${capability}\` goes on with it; then repeat the command.`,
      details: { inFlight },
    },
  )
}

import { setTimeout as delay } from 'node:timers/promises'
import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import type { ComparedRows } from './compare-rows.ts'
import { announceStep, type Say, tellDone, tellGates, tellLines } from './narrate.ts'
import { look, type Walk, type WalkOptions, walkOn } from './walk.ts'

const CAPABILITY = 'inventory'
const COMMAND = `npx strangler migrate ${CAPABILITY} retire`
/** The shop goes on without the old side. */
const AFTERWARDS_MS = 3_000

/** The last step, where nobody plays afterwards: nothing leads back from it. */
export async function retireInventory(
  options: Omit<WalkOptions, 'until'>,
  { rowsVerified, diverged }: ComparedRows,
): Promise<Walk> {
  const { client, say } = options
  if ((await look(client, CAPABILITY)).next?.step === 'retire') {
    say('')
    tellLines(
      say,
      `The last step of the inventory has no way back. So every row of both databases is compared once more: ${rowsVerified.toLocaleString('en-US')} rows, ${diverged} differ.`,
      '',
    )
  }
  const walked = await walkOn({ ...options, until: 'retire' })
  if (walked.stoppedBy !== undefined) return walked
  await tellLeftovers(client, say)
  await delay(AFTERWARDS_MS)
  return walked
}

async function tellLeftovers(client: AdminClient, say: Say): Promise<void> {
  const { leftovers, undo } = await look(client, CAPABILITY)
  const { endpoints = [], tables = [] } = leftovers ?? {}
  tellDone(
    say,
    `The sync and its triggers are gone from both databases. The monolith's team may delete ${endpoints.length} endpoints and ${tables.length} tables: ${tables.join(', ')}.`,
  )
  tellLines(say, `↩ No more. ${undo.reason}`)
}

/** Shows what would open the last step, and leaves it to whoever looks on: the rest of the demo can be taken back, and this cannot. */
export async function showRetirement(client: AdminClient, say: Say): Promise<void> {
  const { next } = await look(client, CAPABILITY)
  if (next?.step !== 'retire') return
  announceStep(say, CAPABILITY, next)
  const { gates } = await client.rehearseRetirement(CAPABILITY)
  tellDone(say, `${COMMAND} --dry-run`)
  tellGates(say, gates)
  tellLines(
    say,
    `The demo stops before it: nothing leads back from it, and until then you can take everything back and forth. When you have seen enough, take it: ${COMMAND} --because "…"`,
  )
}

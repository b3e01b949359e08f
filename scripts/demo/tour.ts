import { setTimeout as delay } from 'node:timers/promises'
import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import type { StepId } from '../../strangler/core/guide-words.ts'
import { type ComparedRows, compareRows } from './compare-rows.ts'
import { describeProfile } from './describe-profile.ts'
import { goBack } from './go-back.ts'
import { type Say, showPosition, tellGates, tellLines } from './narrate.ts'
import { noteHolds } from './note-holds.ts'
import { retireInventory, showRetirement } from './retire.ts'
import { type Shoppers, signIn, USED } from './shoppers.ts'
import type { Shop } from './start-shop.ts'
import { verifyInCi } from './verify-in-ci.ts'
import { look, type Walk, type WalkOptions, walk } from './walk.ts'
import { sendSwitch } from './watch-switch.ts'

export interface TourOptions {
  readonly client: AdminClient
  readonly shop: Shop
  readonly shoppers: Shoppers
  readonly proxyUrl: string
  readonly root: string
  readonly directory: string
  /** Nobody looks on: `--once`. */
  readonly isAlone: boolean
  readonly say: Say
}

export interface Tour {
  readonly inventory: Walk
  readonly orders?: Walk
  /** Before the old side was retired: afterwards only one has the rows. */
  readonly compared?: ComparedRows
  /** How long each hold lasted, ms. */
  readonly holds: readonly number[]
  /** Why it did not come to its end. */
  readonly stoppedBy?: string
}

type Capability = keyof typeof USED

/** Moves the inventory out, then the orders, and the orders back, while shoppers buy; at last the inventory's old side goes, where nobody looks on. */
export async function tour(given: TourOptions): Promise<Tour> {
  const { client, holds } = noteHolds(given.client)
  const options = { ...given, client, holds }
  const { say } = options
  say('')
  tellLines(
    say,
    `A hundred shoppers look and buy from now on, through the proxy. Meanwhile the inventory moves out of the monolith, step by step. Each step has gates: conditions that are measured. It is taken when all of them are open (✓); none is overridden. ${describeProfile()}`,
    '',
  )
  await tellStanding(options)
  const moved = await moveOut(options)
  if (moved.stoppedBy !== undefined) return moved
  if (!options.isAlone) {
    await showRetirement(client, say)
    return moved
  }
  const compared = await compareRows(client)
  const inventory = await retireInventory(await walkOptionsOf(options, 'inventory'), compared)
  tellTraffic(options)
  return { ...moved, inventory, compared, ...stoppedAt(inventory.stoppedBy) }
}

const stoppedAt = (stoppedBy: string | undefined) => (stoppedBy === undefined ? {} : { stoppedBy })

/** A demo goes on where the last one has stopped. */
async function tellStanding({ client, say }: TourOptions): Promise<void> {
  const { step } = await look(client, 'inventory')
  if (step === undefined) return
  const rest = step.step === 'retire' ? 'it has taken its last step' : 'it goes on from there'
  say('')
  tellLines(
    say,
    `The inventory stands at ${showPosition(step)} already, from an earlier demo: ${rest}. \`npm run demo -- --fresh\` begins anew.`,
    '',
  )
}

/** Both out, one after the other, and the orders back. */
async function moveOut(options: TourOptions & { readonly holds: readonly number[] }): Promise<Tour> {
  const { client, holds, say } = options
  const inventory = await walkOne(options, 'inventory', 'soak', {
    cutover: () => switchCoupling(options),
  })
  tellTraffic(options)
  if (inventory.stoppedBy !== undefined) return { inventory, holds, stoppedBy: inventory.stoppedBy }
  say('')
  tellLines(say, 'Now the second service: the orders take the same steps.', '')
  const orders = await walkOne(options, 'orders', 'cutover', {})
  if (orders.stoppedBy !== undefined) return { inventory, orders, holds, stoppedBy: orders.stoppedBy }
  tellTraffic(options)
  const stoppedBy = await goBack(client, 'orders', say)
  tellTraffic(options)
  return { inventory, orders, holds, ...stoppedAt(stoppedBy) }
}

/** One capability, as far as this step. */
export async function walkOne(
  options: TourOptions,
  capability: Capability,
  until: StepId,
  before: WalkOptions['before'],
): Promise<Walk> {
  return walk({ ...(await walkOptionsOf(options, capability)), until, before })
}

async function walkOptionsOf(
  { client, shop, proxyUrl, root, directory, isAlone, say }: TourOptions,
  capability: Capability,
): Promise<Omit<WalkOptions, 'until'>> {
  const token = await signIn(proxyUrl, 1)
  return {
    ...{ client, capability, before: {}, isAlone, say },
    used: USED[capability],
    isBrief: capability !== 'inventory',
    verifyContract: () => verifyInCi({ client, capability, root, directory, shop, proxyUrl, token }),
  }
}

/** The one thing that the monolith's own team must change before its inventory can go. */
async function switchCoupling({ client, shop: { monolith }, say }: TourOptions): Promise<void> {
  tellLines(
    say,
    'One thing is in the way, and only the team of the monolith can mend it: an order takes its stock in its own transaction. That would fail once the stock is in another database.',
  )
  const found = await findCoupling(client)
  if (found !== undefined)
    tellGates(say, [{ id: 'writers-moved', state: 'fail', reason: `strangler doctor: ${found}.` }])
  tellLines(
    say,
    'The shop has both forms in its code, so it is switched over now, while it sells: reserve and confirm through the endpoints of the inventory, and give the stock back when an order fails.',
  )
  await sendSwitch(monolith, { say })
}

const LOOK_FOR_MS = 8_000

/** The kit looks at open transactions now and then, and these are short: it may take some seconds. MariaDB does not show them. */
async function findCoupling(client: AdminClient): Promise<string | undefined> {
  for (const deadline = Date.now() + LOOK_FOR_MS; Date.now() < deadline; await delay(1_000)) {
    const [inventory] = (await client.diagnoseSync({ capability: 'inventory' })).capabilities
    const found = inventory?.findings.find(({ code }) => code === 'COUPLED_TRANSACTIONS')
    if (found !== undefined) return found.reason
  }
  return undefined
}

function tellTraffic({ shoppers, say }: TourOptions): void {
  const { requests, failed, lastFailure } = shoppers.totals()
  const found = failed === 0 ? 'none has failed' : `${failed} have failed, the last: ${lastFailure}`
  tellLines(say, `● ${requests.toLocaleString('en-US')} requests of the shoppers so far; ${found}.`)
}

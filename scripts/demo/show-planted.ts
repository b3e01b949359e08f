import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { main } from '../../strangler/cli/main.ts'
import { STEPS } from '../../strangler/guide/plan.ts'
import { startProgram } from './child-process.ts'
import { DemoError } from './demo-error.ts'
import { tellDone, tellGates, tellLines } from './narrate.ts'
import { type TourOptions, walkOne } from './tour.ts'
import { look } from './walk.ts'

const ENDPOINT = 'GET /api/inventory/:sku'
const BUILD = 'inventory-2'
/** What makes it a build with bugs. */
export const BUGGED = ['--build', BUILD, '--planted-bugs', 'true'] as const
/** What `extracted/inventory/planted-bugs.ts` does, as the comparison sees it. */
const BUGS: Readonly<Record<string, string>> = {
  'missing $.code': 'answers with status 404 have lost their code',
  'value $.stockValue': 'one stock value in 500 is rounded to whole euros',
}
const MOST_EXCHANGES = 10_000
const LOOK_EVERY = 250
const LANES = 4
const LOOK_MS = 200
const COMPARED_WITHIN_MS = 10_000
const UNKNOWN_EVERY = 50

export interface PlantedOptions extends TourOptions {
  readonly adminUrl: string
  readonly token: string
  readonly release: (end: () => Promise<void>) => void
}

/** What came of it, in numbers that a script can look at. */
export interface Planted {
  /** Exchanges of their endpoint until each bug was known to be real. */
  readonly foundAfter: Readonly<Record<string, number>>
  /** Both are at the top of the report, and nothing that is no bug stands among them. */
  readonly rankedFirst: boolean
  /** The next step is refused, for these differences among others. */
  readonly gateRefuses: boolean
  readonly stoppedBy?: string
}

/** Takes the inventory to where it is shadowed, deploys a build of it that has two bugs, and lets the comparison find them. */
export async function showPlanted(options: PlantedOptions): Promise<Planted> {
  const { shoppers, say } = options
  await requireBeginning(options)
  const { stoppedBy } = await walkOne(options, 'inventory', 'shadow', {})
  if (stoppedBy !== undefined) return { foundAfter: {}, rankedFirst: false, gateRefuses: false, stoppedBy }
  await deployBugs(options)
  await shoppers.stop()
  say('')
  tellLines(
    say,
    `The shoppers have gone home. Readers ask for stock now, and one time in ${UNKNOWN_EVERY} for a sku that nobody has; after each answer the service is asked too.`,
  )
  const foundAfter = await readUntilFound(options)
  const code = await showReport(options)
  if (code !== 0) throw new Error(`strangler compare report has ended with ${code}.`)
  return {
    foundAfter,
    rankedFirst: (await realDifferences(options)).slice(0, 2).every((key) => key in BUGS),
    gateRefuses: await askToGoOn(options),
  }
}

/** The next step is asked for, as somebody would who has not looked. */
async function askToGoOn({ client, say }: PlantedOptions): Promise<boolean> {
  const { next } = await look(client, 'inventory')
  say('')
  tellLines(say, `May it go on to ${next?.step}?`)
  tellGates(say, next?.gates ?? [])
  const { version } = await client.routes()
  try {
    await client.migrateNext({ capability: 'inventory', expectedVersion: version, because: 'the demo' })
    return false
  } catch (error) {
    tellDone(say, `npx strangler migrate inventory next: ${(error as Error).message}`)
    return next?.gates.some(({ id, state }) => id === 'no-open-difference' && state === 'fail') ?? false
  }
}

/** A demo goes on where the last one has stopped, and this one is about what comes before the canary. */
async function requireBeginning({ client }: PlantedOptions): Promise<void> {
  const { step } = await look(client, 'inventory')
  const at = STEPS.findIndex(({ id }) => id === step?.step)
  if (at <= STEPS.findIndex(({ id }) => id === 'shadow')) return
  throw new DemoError(
    `The inventory is at ${step?.step} already, from an earlier demo. \`npm run demo -- --planted --fresh\` begins anew.`,
  )
}

/** The same service at the same address and with the same rows, of another build. */
async function deployBugs({ shop, root, directory, release, say }: PlantedOptions): Promise<void> {
  await shop.inventory.stop()
  const running = await startProgram('inventory', {
    args: [
      path.join(root, 'extracted', 'inventory', 'main.ts'),
      ...['--port', new URL(shop.inventory.url).port, '--monolith-url', shop.monolith.url],
      ...BUGGED,
    ],
    env: { DATABASE_URL: shop.databases.inventory },
    logFile: path.join(directory, 'shop-logs', `${BUILD}.log`),
  })
  release(() => running.stop())
  tellDone(say, `${BUILD} is deployed. It has two bugs: ${Object.values(BUGS).join('; ')}.`)
}

async function readUntilFound(options: PlantedOptions): Promise<Record<string, number>> {
  const { proxyUrl, say } = options
  const skus = await findSkus(proxyUrl)
  const foundAfter: Record<string, number> = {}
  const isOver = () => Object.keys(BUGS).every((key) => key in foundAfter)
  for (let done = LOOK_EVERY; done <= MOST_EXCHANGES && !isOver(); done += LOOK_EVERY) {
    const before = await countExchanges(options)
    await read(proxyUrl, (n) => (n % UNKNOWN_EVERY === 0 ? 'NO-SUCH-SKU' : (skus[n % skus.length] ?? '')))
    // What is asked faster than it can be compared is not compared.
    for (const end = Date.now() + COMPARED_WITHIN_MS; Date.now() < end; await delay(LOOK_MS))
      if ((await countExchanges(options)) >= before + LOOK_EVERY) break
    for (const key of await realDifferences(options)) {
      if (!(key in BUGS) || key in foundAfter) continue
      foundAfter[key] = done
      tellDone(say, `after ${done.toLocaleString('en-US')} exchanges ${key} is known to be real.`)
    }
  }
  return foundAfter
}

async function read(proxyUrl: string, skuOf: (n: number) => string): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < LOOK_EVERY) {
      const answer = await fetch(`${proxyUrl}/api/inventory/${skuOf(next++)}`)
      await answer.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

async function findSkus(proxyUrl: string): Promise<string[]> {
  const answer = await fetch(`${proxyUrl}/api/inventory?pageSize=50`)
  const { items } = (await answer.json()) as { items: { sku: string }[] }
  return [...new Set(items.map(({ sku }) => sku))]
}

async function countExchanges(options: Pick<PlantedOptions, 'client'>): Promise<number> {
  const report = await readReport(options)
  return report?.endpoints.find(({ endpoint }) => endpoint === ENDPOINT)?.eligible ?? 0
}

/** Of the build with the bugs. */
async function readReport({ client }: Pick<PlantedOptions, 'client'>) {
  const [report] = (await client.compareReport({ capability: 'inventory', hours: 1 })).capabilities
  return report?.basis?.serviceBuild === BUILD ? report : undefined
}

/** By the report's own order: `kind path`. */
async function realDifferences(options: Pick<PlantedOptions, 'client'>): Promise<string[]> {
  const { differences = [] } = (await readReport(options)) ?? {}
  return differences
    .filter(({ endpoint, verdict }) => endpoint === ENDPOINT && verdict === 'real')
    .map(({ kind, path }) => `${kind} ${path}`)
}

/** As anybody would ask for it. */
function showReport({ adminUrl, token, say }: PlantedOptions): Promise<number> {
  const write = (text: unknown) => say(String(text).trimEnd())
  const stream = { columns: 120, isTTY: false, write: (text: unknown) => Boolean(write(text)) || true }
  say(`\n   npx strangler compare report "${ENDPOINT}"\n`)
  return main(['compare', 'report', ENDPOINT], {
    ...{ stdout: stream, stderr: stream },
    env: { STRANGLER_ADMIN_URL: adminUrl, STRANGLER_TOKEN: token },
  })
}

import path from 'node:path'
import { createAdminClient } from '../strangler/admin/admin-client.ts'
import { loadTokens } from '../strangler/admin/tokens.ts'
import { wordHints } from '../strangler/cli/word-hints.ts'
import { describeError, type Kit, loadConfig, startKit } from '../strangler/index.ts'
import { ensureFolder } from '../strangler/infra/ensure-folder.ts'
import { buildDashboard } from './build-dashboard.ts'
import { beginAnew } from './demo/begin-anew.ts'
import { capLog } from './demo/cap-log.ts'
import { claimDemo } from './demo/claim-demo.ts'
import { DemoError } from './demo/demo-error.ts'
import { DEMO_HELP, type DemoOptions, DemoUsageError, readDemoOptions } from './demo/demo-options.ts'
import { introduce } from './demo/introduce.ts'
import { type KitPorts, takeKitPorts } from './demo/kept-ports.ts'
import { startShoppers } from './demo/shoppers.ts'
import { BUGGED, type Planted, showPlanted } from './demo/show-planted.ts'
import { showTraffic } from './demo/show-traffic.ts'
import { type Shop, startShop } from './demo/start-shop.ts'
import { syncInventory } from './demo/sync-inventory.ts'
import { takePort } from './demo/take-port.ts'
import { tour } from './demo/tour.ts'
import { startInstance } from './demo/verify-in-ci.ts'
import { look } from './demo/walk.ts'
import { watchSwitch } from './demo/watch-switch.ts'
import { type DemoReport, isAsPromised, writeReport } from './demo/write-report.ts'

/**
 * `npm run demo [-- --rows 3000] [--db mariadb] [--once [--json]] [--planted] [--fresh] [--no-traffic]`: the sample shop, both services and the kit in front of them,
 * under a light traffic; the inventory moves out, the orders too, and the orders back. Until Ctrl-C; or with `--once` until that is over and
 * the inventory's old side is retired.
 */
const root = path.dirname(import.meta.dirname)
// As the commands have it that run beside.
const directory = path.resolve(root, process.env['STRANGLER_DIRECTORY'] ?? '.strangler')
const logFile = path.join(directory, 'access.log')
let narration: NodeJS.WriteStream = process.stdout
/** As whoever reads it can type it in this checkout. */
const NPX = 'npx strangler'
const say = (line: string) => narration.write(`${wordHints(line, NPX)}\n`)
const sayStep = (line: string) => say(`  ${line}`)

const releases: (() => Promise<void> | void)[] = []
let stopping: Promise<void> | undefined

async function releaseAll(): Promise<void> {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release()
}

function stop(): Promise<void> {
  stopping ??= releaseAll()
  return stopping
}

async function runDemo({ rows, db, traffic, once, json, wait, planted, fresh }: DemoOptions): Promise<void> {
  if (json) narration = process.stderr
  await ensureFolder(directory, 'STRANGLER_CONFIG_INVALID')
  releases.push(await claimDemo(directory))
  if (fresh && (await beginAnew(directory))) say(`What earlier demos have left in ${directory} is removed.`)
  say('Starting the sample shop (the first time takes a little longer) …')
  const ports = await takeKitPorts(directory, sayStep)
  const inventoryArgs = planted && wait ? BUGGED : []
  const shop = await startShop({
    ...{ root, directory, rows, db, inventoryArgs, say: sayStep },
    proxyUrl: `http://127.0.0.1:${ports.proxyPort}`,
    release: (end) => releases.push(end),
  })
  process.env['MONOLITH_URL'] = shop.monolith.url
  process.env['INVENTORY_URL'] = shop.inventory.url
  process.env['ORDERS_URL'] = shop.orders.url
  process.env['MONOLITH_DATABASE_URL'] = shop.databases.shop
  process.env['INVENTORY_DATABASE_URL'] = shop.databases.inventory
  process.env['ORDERS_DATABASE_URL'] = shop.databases.orders
  say('Starting the kit …')
  if (await buildDashboard()) sayStep('the dashboard is built')
  const kit = await startDemoKit(ports)
  const { proxyUrl = '', adminUrl = '' } = kit
  for (const line of kit.description) sayStep(line)
  sayStep(
    `the dashboard is at ${adminUrl}/dashboard/; the token for it is \`operator\` in ${path.relative(root, directory)}/tokens.json`,
  )
  const { operator } = await loadTokens(directory, process.env)
  const client = createAdminClient({ url: adminUrl, token: operator })
  const shoppers = traffic ? await startShoppers(proxyUrl) : undefined
  releases.push(() => shoppers?.stop())
  if (shoppers === undefined) await syncInventory(client, sayStep)
  else if (wait) {
    await startTestInstance(shop, { proxyUrl, args: inventoryArgs })
    const watch = watchSwitch(shop.monolith, say)
    releases.push(() => watch.stop())
  } else {
    const onTour = { client, shop, shoppers, proxyUrl, root, directory, isAlone: once, say }
    if (planted) {
      const release = (end: () => Promise<void>) => releases.push(end)
      const found = await showPlanted({ ...onTour, adminUrl, token: operator, release })
      return endPlanted(found, { once, json })
    }
    const toured = await tour(onTour)
    if (once) {
      const report = await writeReport({ client, shoppers, tour: toured, logFile })
      await stop()
      return tellReport(report, json)
    }
  }
  const { routes } = await client.routes()
  const isRetired = (await look(client, 'inventory')).stage === 'retired'
  say(introduce({ proxyUrl, adminUrl, traffic, routes, isRetired }))
  if (shoppers === undefined) return
  const view = showTraffic(shoppers, process.stdout)
  releases.push(() => view.stop())
}

/** For the third step: a build of the service that has rows of its own, as a team's tests have it. */
async function startTestInstance(
  shop: Shop,
  given: { proxyUrl: string; args: readonly string[] },
): Promise<void> {
  const port = await takePort('the inventory with rows for tests', 3011, sayStep)
  const basis = { capability: 'inventory' as const, root, directory, shop, port, ...given }
  const instance = await startInstance(basis, await shop.databases.makeEmpty())
  releases.push(() => instance.stop())
  say(`The same build of the inventory, with rows for tests, is at ${instance.url}.`)
}

async function endPlanted(found: Planted, { once, json }: { once: boolean; json: boolean }): Promise<void> {
  if (!once)
    return void say(
      '\nCtrl-C stops everything. Until then the report, its samples and the dashboard can be looked at.',
    )
  await stop()
  if (json) process.stdout.write(`${JSON.stringify(found)}\n`)
  process.exitCode =
    found.rankedFirst && found.gateRefuses && Object.keys(found.foundAfter).length === 2 ? 0 : 1
}

function tellReport(report: DemoReport, json: boolean): void {
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `\n${describeReport(report)}\n`)
  process.exitCode = isAsPromised(report) ? 0 : 1
}

const describeReport = (report: DemoReport) =>
  Object.entries(report)
    .map(([name, value]) => `${name.padEnd(14)} ${value ?? '–'}`)
    .join('\n')

async function startDemoKit(ports: KitPorts): Promise<Kit> {
  const { config } = await loadConfig(path.join(root, 'strangler.config.ts'))
  const cap = await capLog(logFile, { onError: (error) => sayStep(`${logFile}: ${String(error)}`) })
  releases.push(() => cap.stop())
  // Who comes to see bugs found does not want to see the clients' requests go first: there are none then.
  const compare = { ...config.compare, giveWay: options?.planted !== true }
  const kit = await startKit({ ...config, compare, directory }, { ...ports, logFile })
  releases.push(() => kit.stop())
  return kit
}

/** Settles what was typed before anything is started. */
function readCommandLine(): DemoOptions | undefined {
  try {
    const options = readDemoOptions(process.argv.slice(2))
    if (options === undefined) say(DEMO_HELP)
    return options
  } catch (error) {
    if (!(error instanceof DemoUsageError)) throw error
    process.stderr.write(`${error.message} \`npm run demo -- --help\` shows what the demo takes.\n`)
    process.exitCode = 2
    return undefined
  }
}

function describeFailure(error: unknown): string {
  return error instanceof DemoError ? error.message : describeError(error)
}

// A closed terminal answers EIO, a closed pipe EPIPE: the signal that comes with it must still stop everything in order.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EIO' && error.code !== 'EPIPE') throw error
  })
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stopping !== undefined) return
    say('\nStopping …')
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${wordHints(describeError(error), NPX)}\n`)
        process.exit(1)
      },
    )
  })
}

const options = readCommandLine()
if (options !== undefined) {
  runDemo(options).catch(async (error: unknown) => {
    if (stopping !== undefined) return
    process.stderr.write(`${wordHints(describeFailure(error), NPX)}\n`)
    await stop()
    process.exit(1)
  })
}

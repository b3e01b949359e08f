import path from 'node:path'
import { parseArgs } from 'node:util'
import { describeError, loadConfig, startKit } from '../strangler/index.ts'
import { findFreePort } from '../strangler/infra/free-port.ts'
import { startShoppers } from './demo/shoppers.ts'
import { showTraffic } from './demo/show-traffic.ts'
import { startShop } from './demo/start-shop.ts'

/**
 * `npm run demo [-- --rows 3000] [--no-traffic]`: the sample shop, both services and the kit in front of them, under a light traffic,
 * until Ctrl-C.
 */
const root = path.dirname(import.meta.dirname)
const directory = path.join(root, '.strangler')
const say = (line: string) => process.stdout.write(`${line}\n`)

const releases: (() => Promise<void> | void)[] = []
let stopping: Promise<void> | undefined

async function releaseAll(): Promise<void> {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release()
}

function stop(): Promise<void> {
  stopping ??= releaseAll()
  return stopping
}

async function runDemo(): Promise<void> {
  const { values } = parseArgs({
    options: { rows: { type: 'string', default: '3000' }, 'no-traffic': { type: 'boolean', default: false } },
  })
  say('Starting the sample shop (the first time takes a little longer) …')
  const shop = await startShop({
    root,
    directory,
    rows: values.rows,
    say: (line) => say(`  ${line}`),
    release: (end) => releases.push(end),
  })
  process.env['MONOLITH_URL'] = shop.monolith.url
  process.env['INVENTORY_URL'] = shop.inventory.url
  process.env['ORDERS_URL'] = shop.orders.url
  say('Starting the kit …')
  const { config } = await loadConfig(path.join(root, 'strangler.config.ts'))
  const kit = await startKit(config, {
    proxyPort: await findFreePort(config.proxy.port),
    adminPort: await findFreePort(config.admin.port),
    logFile: path.join(directory, 'access.log'),
  })
  releases.push(() => kit.stop())
  for (const line of kit.description) say(`  ${line}`)
  sayAddresses(kit.proxyUrl ?? '', kit.adminUrl ?? '')
  if (values['no-traffic']) return
  const shoppers = await startShoppers(kit.proxyUrl ?? '')
  releases.push(() => shoppers.stop())
  const view = showTraffic(shoppers, process.stdout)
  releases.push(() => view.stop())
}

function sayAddresses(proxyUrl: string, adminUrl: string): void {
  say(`
The shop is at ${proxyUrl}, with the proxy in front of it; the admin API at ${adminUrl}.
Everything goes to the monolith until you say otherwise (what you said last time is remembered). In another terminal, in this folder, try:

  npx strangler route list
  npx strangler route set "GET /api/inventory/:sku" canary=25     a quarter of the users
  npx strangler route why GET /api/inventory/SKU-00001 --user 7   where user 7 goes, and why
  npx strangler route set "GET /api/inventory/:sku" service       everybody
  npx strangler route set "GET /api/inventory/:sku" monolith      and back
  npx strangler route history
  curl -i ${proxyUrl}/api/inventory/SKU-00001
  tail -f .strangler/access.log

Ctrl-C stops everything. 100 shoppers are at it; this is where their requests go:
`)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stopping !== undefined) return
    say('\nStopping …')
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${describeError(error)}\n`)
        process.exit(1)
      },
    )
  })
}

runDemo().catch(async (error: unknown) => {
  if (stopping !== undefined) return
  process.stderr.write(`${describeError(error)}\n`)
  await stop()
  process.exit(1)
})

import cluster from 'node:cluster'
import { type Command, Option } from 'commander'
import { loadConfig } from '../../config/load-config.ts'
import type { Kit, KitOptions, Role } from '../../kit-options.ts'
import { parsePort, parseWorkers } from '../parse-mode.ts'
import { type Terminal, writeErrorLine } from '../terminal.ts'

interface StartOptions {
  readonly config?: string
  readonly role: Role
  readonly workers?: number
  readonly port?: number
  readonly adminPort?: number
  readonly name?: string
  readonly allowUnreachable?: true
  readonly json?: true
}

const EXAMPLES = `
Examples:
  strangler start
  strangler start --config deploy/strangler.config.ts --workers 4
  strangler start --role proxy --name edge-1 --port 8080

The log goes to standard output, one JSON object a line; the addresses go to standard error. SIGTERM and Ctrl-C finish the requests in flight and end with 0.`

export function addStart(parent: Command, terminal: Terminal): void {
  parent
    .command('start')
    .description('run the kit: proxy, data sync, admin API, control database')
    .option('--config <path>', 'the configuration (default: strangler.config.ts in this folder)')
    .addOption(
      new Option('--role <role>', 'which part').choices(['all', 'proxy', 'sync', 'admin']).default('all'),
    )
    .option('--workers <count>', 'processes for the proxy (default: this one)', parseWorkers)
    .option('--port <port>', 'of the proxy, instead of the configuration’s; 0 takes a free one', parsePort)
    .option('--admin-port <port>', 'of the admin API, likewise', parsePort)
    .option('--name <name>', 'tells several proxies of one folder apart')
    .option('--allow-unreachable', 'start although a side does not answer')
    .option('--json', 'print the addresses as one JSON line')
    .addHelpText('after', EXAMPLES)
    .action((options: StartOptions) => start(terminal, options))
}

async function start(terminal: Terminal, options: StartOptions): Promise<void> {
  const kitOptions = toKitOptions(options)
  const { config } = await loadConfig(options.config)
  const stopping = waitForSignal(terminal)
  // Loaded here and not above: the other commands need neither the proxy nor the database, and should be quick.
  const { startKit } = await import('../../kit.ts')
  const kit = await startKit(config, kitOptions)
  announce(terminal, kit, options.json === true)
  await stopping
  await kit.stop()
  // The line to the parent would keep a worker alive.
  if (cluster.isWorker) process.disconnect()
}

function toKitOptions({ role, workers, port, adminPort, name, allowUnreachable }: StartOptions): KitOptions {
  return {
    role,
    ...(workers === undefined ? {} : { workers }),
    ...(port === undefined ? {} : { proxyPort: port }),
    ...(adminPort === undefined ? {} : { adminPort }),
    ...(name === undefined ? {} : { name }),
    ...(allowUnreachable === undefined ? {} : { allowUnreachable }),
  }
}

/**
 * Settles at the first signal, also one that comes while the kit is still starting. Later ones change nothing: a terminal sends
 * its own to every process, and the kit's parent process sends another; all that stopping waits for has a deadline.
 */
function waitForSignal({ stderr }: Terminal): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = () => {
      resolve()
      if (stderr.isTTY) stderr.write('Stopping; requests in flight may finish.\n')
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  })
}

/** On standard error, so that standard output is the log and nothing else. */
function announce(terminal: Terminal, { proxyUrl, adminUrl, description }: Kit, asJson: boolean): void {
  // A worker of a proxy with several processes: its parent speaks for all.
  if (cluster.isWorker) return
  if (asJson) {
    terminal.stdout.write(`${JSON.stringify({ proxyUrl, adminUrl, description })}\n`)
    return
  }
  const lines = [
    ...(proxyUrl === undefined ? [] : [`proxy      ${proxyUrl}`]),
    ...(adminUrl === undefined
      ? []
      : [
          `admin API  ${adminUrl}`,
          `dashboard  ${adminUrl}/dashboard/ (sign in with \`operator\` or \`viewer\` of tokens.json in the kit's folder, .strangler unless set)`,
        ]),
    ...description,
  ]
  for (const line of lines) writeErrorLine(terminal, line)
}

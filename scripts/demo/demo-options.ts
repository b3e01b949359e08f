import { parseArgs } from 'node:util'

export const DEMO_HELP = `npm run demo [-- options]

Starts the sample shop, both services and the kit in front of them, under a light traffic; moves the inventory out by the steps of the
guide, then the orders, and the orders back again; and goes on until Ctrl-C.

  --rows <count>  rows of a shop that is made anew, 1 to 10000000 (default: 3000)
  --db <kind>     postgres (default) or mariadb: where the monolith keeps its data; mariadb needs a MariaDB server
                  that is installed
  --once          retires the inventory's old side when all of that is done, which has no way back, and ends with a report
  --json          with --once: nothing on standard output but the report, as JSON;
                  as npm run -s demo, for npm writes its own lines there without -s
  --wait          takes no step: they are yours, as docs/guide/ says
  --planted       instead: shadows the inventory, deploys a build of it with two bugs, and shows how they are found;
                  with --wait that build runs from the beginning, and finding them is yours too
  --fresh         begins anew: removes what earlier demos have left in .strangler, with all that you have said to them
  --no-traffic    without the shoppers, and so without the steps, which need traffic
  -h, --help      this text`

export interface DemoOptions {
  readonly rows: string
  readonly traffic: boolean
  readonly db: 'postgres' | 'mariadb'
  /** Ends by itself. */
  readonly once: boolean
  readonly json: boolean
  /** Leaves the steps to whoever looks. */
  readonly wait: boolean
  /** Shows how bugs are found instead of moving everything; what waits leaves that to whoever looks. */
  readonly planted: boolean
  /** Removes what earlier demos have left. */
  readonly fresh: boolean
}

/** A command line that is not understood; its message is one line for people. */
export class DemoUsageError extends Error {
  override readonly name = 'DemoUsageError'
}

/**
 * @returns undefined when help was asked for
 * @throws DemoUsageError
 */
export function readDemoOptions(args: string[]): DemoOptions | undefined {
  const {
    help,
    rows,
    db,
    'no-traffic': quiet,
    once = false,
    json = false,
    wait = false,
    planted = false,
    fresh = false,
  } = parse(args)
  if (help === true) return undefined
  if (!/^[1-9]\d{0,7}$/.test(rows) || Number(rows) > 10_000_000)
    throw new DemoUsageError(`--rows is "${rows}", and must be a whole number from 1 to 10000000.`)
  if (db !== 'postgres' && db !== 'mariadb')
    throw new DemoUsageError(`--db is "${db}", and must be postgres or mariadb.`)
  if (json && !once) throw new DemoUsageError('--json goes with --once.')
  if (once && quiet === true) throw new DemoUsageError('--once needs the shoppers, so not --no-traffic.')
  if (wait && (once || quiet === true))
    throw new DemoUsageError('--wait needs the shoppers, and goes on until Ctrl-C.')
  if (planted && quiet === true)
    throw new DemoUsageError('--planted needs the shoppers, so not --no-traffic.')
  return { rows, db, traffic: quiet !== true, once, json, wait, planted, fresh }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        rows: { type: 'string', default: '3000' },
        db: { type: 'string', default: 'postgres' },
        'no-traffic': { type: 'boolean' },
        once: { type: 'boolean' },
        wait: { type: 'boolean' },
        json: { type: 'boolean' },
        planted: { type: 'boolean' },
        fresh: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (cause) {
    // What follows the first sentence is about arguments that begin with a dash, and the demo takes none.
    const [found = ''] = (cause as Error).message.split(/\. |\n/)
    throw new DemoUsageError(`${found.replace(/\.$/, '')}.`, { cause })
  }
}

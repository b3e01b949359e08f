import type { Side } from '../../../strangler/core/words.ts'
import { connectSideDatabase, type SideDatabaseKind } from '../side-database.ts'
import { serveSide } from '../side-server.ts'

/** node side.ts <postgres | mariadb> <side> <its database>: serves a side until it is ended, and says its address. */
const [kind = 'postgres', side = 'monolith', url = ''] = process.argv.slice(2)
const database = connectSideDatabase(kind as SideDatabaseKind, side as Side, url)
process.once('SIGTERM', () => process.exit(0))
const served = await serveSide(side as Side, database)
process.stdout.write(`${served.url}\n`)

import { createSyncApplier } from '../../../strangler/service.ts'

/** node applier.ts <the service's database> <the queue's PostgreSQL> <the kit's installation>: applies until it is killed; SIGTERM stops it in order. */
const [database = '', queue = '', installation = ''] = process.argv.slice(2)
const applier = createSyncApplier({
  capability: 'items',
  installation,
  database,
  tables: ['entry'],
  queue: { kind: 'postgres', url: queue },
  report: (operation, error) => process.stderr.write(`${operation}: ${error}\n`),
})
await applier.start()
process.stdout.write('applying\n')
process.once('SIGTERM', () => void applier.stop())

import { DataSource } from 'typeorm'
import { createEventsOn } from '../../../strangler/service/events/create-events.ts'
import { createEventQueue, type EventQueue } from '../../../strangler/service/events/event-queue.ts'
import { createEventTables } from '../../../strangler/service/events/event-tables.ts'

/**
 * node event-node.ts relay|consumer <database> <queue> <point>: works, and kills itself with SIGKILL when it has come to that point for the
 * third time. `-` is no point. With NO_INBOX nothing is remembered: the broken twin.
 */
const [role = '', url = '', server = '', point = '-'] = process.argv.slice(2)
let reached = 0

function pass(here: string): void {
  if (here === point && ++reached === 3) process.kill(process.pid, 'SIGKILL')
}

const dataSource = await new DataSource({ type: 'postgres', url, poolSize: 8 }).initialize()
const real = createEventQueue(JSON.parse(server), (operation, error) =>
  process.stderr.write(`${operation}: ${error}\n`),
)
const queue: EventQueue = {
  ...real,
  async send(name, jobs) {
    pass(`${role}-before-send`)
    // One by one, so that a death between two of them is one too.
    for (const job of jobs) {
      await real.send(name, [job])
      pass(`${role}-after-send`)
    }
  },
  receive: (name, handle) =>
    real.receive(name, async (data) => {
      pass(`${role}-before-handling`)
      await handle(data)
      pass(`${role}-after-handling`)
    }),
}
const tables = createEventTables(dataSource)
const remember = process.env['NO_INBOX'] === undefined ? tables.remember : async () => true
const events = createEventsOn({
  dataSource,
  name: role === 'relay' ? 'orders' : 'inventory',
  queue,
  tables: { ...tables, remember },
  report: (operation, error) => process.stderr.write(`${operation}: ${error}\n`),
})
if (role === 'relay') events.relay.start()
else {
  const consumer = events.consumer({
    'order.placed': async (tx, { payload }) => {
      await tx.query('INSERT INTO effect (number) VALUES ($1)', [(payload as { number: number }).number])
      pass('consumer-before-commit')
    },
  })
  consumer.start()
}
process.stdout.write('working\n')

import { randomBytes } from 'node:crypto'
import type { DataSource } from 'typeorm'
import type { Registrations } from '../core/ports.ts'
import type { Registration } from '../core/words.ts'
import type { RunControl } from './control-errors.ts'
import { type RegistrationRow, registrationTable, toRegistration } from './control-tables.ts'

/** The registrations in the control database. Times are the database's, so that they compare across hosts. */
export function createRegistrationStore(dataSource: DataSource, runControl: RunControl): Registrations {
  const rows = dataSource.getRepository(registrationTable)
  const now = () => 'clock_timestamp()'

  return {
    // Who comes back after a crash takes its own row over; it has acknowledged nothing yet.
    async register({ host, pid, worker, ...who }) {
      const kind = worker === undefined ? 'proxy' : 'worker'
      const id = who.id ?? `${kind}-${randomBytes(6).toString('hex')}`
      const { capability = null, leaseMs = null } = worker ?? {}
      const fresh = { id, kind, capability, leaseMs, host, pid, tableVersion: 0 } as const
      const row = await runControl(`registering this ${kind}`, async () => {
        await rows.upsert({ ...fresh, holdsAcknowledged: [], startedAt: now, seenAt: now }, ['id'])
        return rows.findOneByOrFail({ id })
      })
      return toRegistration(row)
    },

    async report(id, { tableVersion, holdsAcknowledged }) {
      const progress = { tableVersion, holdsAcknowledged: [...holdsAcknowledged], seenAt: now }
      const result = await runControl('reporting how far this process is', () =>
        rows.update({ id }, progress),
      )
      return result.affected === 1
    },

    async remove(id) {
      await runControl('removing a registration', () => rows.delete({ id }))
    },

    async list(): Promise<Registration[]> {
      const found: RegistrationRow[] = await runControl('listing the registrations', () =>
        rows.find({ order: { startedAt: 'ASC', id: 'ASC' } }),
      )
      return found.map(toRegistration)
    },

    async now() {
      const [row] = await runControl('reading its clock', () =>
        dataSource.query<{ ms: string }[]>(
          `SELECT (extract(epoch FROM ${now()}) * 1000)::bigint::text AS ms`,
        ),
      )
      return Number(row?.ms)
    },
  }
}

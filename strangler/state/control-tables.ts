import { EntitySchema } from 'typeorm'
import type { JournalEntry, JournalEvent, Registration } from '../core/words.ts'

/** The kit's own schema in the control database. */
export const CONTROL_SCHEMA = 'strangler_control'

/** A line of the journal as PostgreSQL gives it; `at` is a string when it comes as JSON with a notification. */
export interface JournalRow {
  version: number
  at: Date | string
  by: string
  because: string | null
  event: JournalEvent
}

export interface RegistrationRow {
  id: string
  kind: 'proxy' | 'worker'
  capability: string | null
  leaseMs: number | null
  host: string
  pid: number
  startedAt: Date
  seenAt: Date
  tableVersion: number
  holdsAcknowledged: readonly string[]
}

export const journalTable = new EntitySchema<JournalRow>({
  name: 'JournalRow',
  tableName: 'journal',
  schema: CONTROL_SCHEMA,
  columns: {
    version: { type: 'integer', primary: true },
    at: { type: 'timestamptz', precision: 3 },
    by: { type: 'text' },
    because: { type: 'text', nullable: true },
    event: { type: 'jsonb' },
  },
})

export const registrationTable = new EntitySchema<RegistrationRow>({
  name: 'RegistrationRow',
  tableName: 'registrations',
  schema: CONTROL_SCHEMA,
  columns: {
    id: { type: 'text', primary: true },
    kind: { type: 'text' },
    capability: { type: 'text', nullable: true },
    leaseMs: { name: 'lease_ms', type: 'integer', nullable: true },
    host: { type: 'text' },
    pid: { type: 'integer' },
    startedAt: { name: 'started_at', type: 'timestamptz', precision: 3 },
    seenAt: { name: 'seen_at', type: 'timestamptz', precision: 3 },
    tableVersion: { name: 'table_version', type: 'integer' },
    holdsAcknowledged: { name: 'holds_acknowledged', type: 'jsonb' },
  },
})

export function toJournalEntry(row: JournalRow): JournalEntry {
  const { version, by, because, event } = row
  return {
    version,
    at: new Date(row.at).toISOString(),
    by,
    ...(because === null ? {} : { because }),
    event,
  }
}

export function toRegistration({ capability, leaseMs, ...row }: RegistrationRow): Registration {
  return {
    ...row,
    ...(capability === null ? {} : { capability }),
    ...(leaseMs === null ? {} : { leaseMs }),
    startedAt: row.startedAt.toISOString(),
    seenAt: row.seenAt.toISOString(),
  }
}

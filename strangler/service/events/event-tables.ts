import type { DataSource, EntityManager } from 'typeorm'
import type { EventReceipt, ServiceEvent } from './event-words.ts'

/** An event on its way to one consumer. */
export interface Delivery {
  readonly event: ServiceEvent
  readonly consumer: string
  /** How often it was sent before. */
  readonly sends: number
}

/** What is told, and to whom, until it is known to have taken effect; and what has taken effect here. Both in the service's own database. */
export interface EventTables {
  create(): Promise<void>
  /** In the transaction of what happened. */
  insert(tx: EntityManager, event: ServiceEvent, consumers: readonly string[]): Promise<void>
  /** Takes deliveries that are due, and makes them due again later. */
  claim(limit: number): Promise<readonly Delivery[]>
  remove(receipt: EventReceipt): Promise<void>
  /** In the transaction of the effect: false when it has taken effect already. */
  remember(tx: EntityManager, event: ServiceEvent): Promise<boolean>
  forget(before: Date): Promise<void>
  waiting(): Promise<{ readonly deliveries: number; readonly oldest: string | undefined }>
}

/** Whoever claims a delivery sends it; when nothing comes of it, it is due again after 2, 4, 8 … seconds, a minute at most. */
const FIRST_WAIT_SECONDS = 2
const LONGEST_WAIT_SECONDS = 60

/** PostgreSQL. */
export function createEventTables(dataSource: DataSource): EventTables {
  return {
    async create() {
      await dataSource.query(`
        CREATE TABLE IF NOT EXISTS event_outbox (
          id uuid NOT NULL,
          consumer varchar(60) NOT NULL,
          type varchar(120) NOT NULL,
          source varchar(60) NOT NULL,
          payload jsonb NOT NULL,
          at timestamptz NOT NULL,
          sends integer NOT NULL DEFAULT 0,
          due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
          PRIMARY KEY (id, consumer)
        )`)
      await dataSource.query('CREATE INDEX IF NOT EXISTS event_outbox_due ON event_outbox (due_at)')
      await dataSource.query(`
        CREATE TABLE IF NOT EXISTS event_inbox (
          id uuid PRIMARY KEY,
          type varchar(120) NOT NULL,
          applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
        )`)
    },
    async insert(tx, { id, type, source, payload, at }, consumers) {
      for (const consumer of consumers) {
        await tx.query(
          'INSERT INTO event_outbox (id, consumer, type, source, payload, at) VALUES ($1, $2, $3, $4, $5, $6)',
          [id, consumer, type, source, JSON.stringify(payload), at],
        )
      }
    },
    async claim(limit) {
      const [rows]: [OutboxRow[], number] = await dataSource.query(
        `UPDATE event_outbox o SET sends = sends + 1,
           due_at = clock_timestamp() + make_interval(secs => least($2 * 2 ^ least(sends, 20), $3))
         FROM (SELECT id, consumer FROM event_outbox WHERE due_at <= clock_timestamp() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED) due
         WHERE o.id = due.id AND o.consumer = due.consumer
         RETURNING o.id, o.consumer, o.type, o.source, o.payload, o.at, o.sends`,
        [limit, FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS],
      )
      return rows.map(({ consumer, sends, at, ...event }) => ({
        event: { ...event, at: at.toISOString() },
        consumer,
        sends: sends - 1,
      }))
    },
    async remove({ id, consumer }) {
      await dataSource.query('DELETE FROM event_outbox WHERE id = $1 AND consumer = $2', [id, consumer])
    },
    async remember(tx, { id, type }) {
      const rows: unknown[] = await tx.query(
        'INSERT INTO event_inbox (id, type) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING RETURNING id',
        [id, type],
      )
      return rows.length === 1
    },
    async forget(before) {
      await dataSource.query('DELETE FROM event_inbox WHERE applied_at < $1', [before])
    },
    async waiting() {
      const [row]: { deliveries: number; oldest: Date | null }[] = await dataSource.query(
        'SELECT count(*)::int AS deliveries, min(at) AS oldest FROM event_outbox',
      )
      return { deliveries: row?.deliveries ?? 0, oldest: row?.oldest?.toISOString() }
    },
  }
}

interface OutboxRow extends Omit<ServiceEvent, 'at'> {
  readonly consumer: string
  readonly sends: number
  readonly at: Date
}

import type { DataSource } from 'typeorm'
import type {
  AnswersSeen,
  KeptTraffic,
  SoakClock,
  TrafficBatch,
  TrafficCount,
  TrafficLook,
  TrafficStore,
} from '../core/traffic-words.ts'
import { advanceSoak } from '../guide/soak-clock.ts'
import type { RunControl } from './control-errors.ts'
import { CONTROL_SCHEMA } from './control-tables.ts'

/** The traffic of all proxies, summed up in the control database. */
export function createTrafficStore(dataSource: DataSource, runControl: RunControl): TrafficStore {
  return {
    add: (batch) => runControl('keeping the traffic', () => dataSource.transaction((tx) => add(tx, batch))),
    read: (capability) => runControl('reading the traffic', () => read(dataSource, capability)),
  }
}

type Queryable = Pick<DataSource, 'query'>

/** In the order of the keys: proxies that add the same rows in different orders would wait for each other. */
async function add(tx: Queryable, { proxy, counts, looks, answers }: TrafficBatch): Promise<void> {
  await tx.query(
    `INSERT INTO ${CONTROL_SCHEMA}.traffic AS kept (capability, endpoint, entered, target, requests, failures)
     SELECT capability, endpoint, entered, target, requests, failures
     FROM jsonb_to_recordset($1::jsonb)
       AS row(capability text, endpoint text, entered integer, target text, requests bigint, failures bigint)
     ORDER BY capability, entered, endpoint, target
     ON CONFLICT (capability, entered, endpoint, target) DO UPDATE
       SET requests = kept.requests + excluded.requests, failures = kept.failures + excluded.failures,
         last_at = excluded.last_at`,
    [JSON.stringify(counts)],
  )
  await tx.query(
    `INSERT INTO ${CONTROL_SCHEMA}.traffic_looks (capability, proxy, look, told_at)
     SELECT look ->> 'capability', $1, look, clock_timestamp() FROM jsonb_array_elements($2::jsonb) AS look
     ORDER BY 1
     ON CONFLICT (capability, proxy) DO UPDATE SET look = excluded.look, told_at = excluded.told_at`,
    [proxy, JSON.stringify(looks)],
  )
  if (answers.length > 0) await advanceClocks(tx, answers)
}

interface HeldClock {
  readonly capability: string
  readonly entered: number
  readonly clock: SoakClock | null
  /** Epoch milliseconds, when this one was got hold of. */
  readonly now: string
}

/** Words of several proxies come at once: each waits for the lines, and reads what the one before has made of them. */
async function advanceClocks(tx: Queryable, answers: readonly AnswersSeen[]): Promise<void> {
  const held: HeldClock[] = await tx.query(
    `INSERT INTO ${CONTROL_SCHEMA}.soak_clocks AS kept (capability, entered)
     SELECT capability, entered FROM jsonb_to_recordset($1::jsonb) AS word(capability text, entered integer)
     ORDER BY capability, entered
     ON CONFLICT (capability, entered) DO UPDATE SET clock = kept.clock
     RETURNING capability, entered, clock, floor(extract(epoch FROM clock_timestamp()) * 1000)::text AS now`,
    [JSON.stringify(answers.map(({ capability, entered }) => ({ capability, entered })))],
  )
  const clocks = answers.map((seen) => {
    const { capability, entered } = seen
    const row = held.find((one) => one.capability === capability && one.entered === entered)
    return { capability, entered, clock: advanceSoak(row?.clock ?? undefined, seen, Number(row?.now)) }
  })
  await tx.query(
    `UPDATE ${CONTROL_SCHEMA}.soak_clocks AS kept SET clock = word.clock
     FROM jsonb_to_recordset($1::jsonb) AS word(capability text, entered integer, clock jsonb)
     WHERE kept.capability = word.capability AND kept.entered = word.entered`,
    [JSON.stringify(clocks)],
  )
}

interface CountRow extends Omit<TrafficCount, 'requests' | 'failures'> {
  readonly requests: string
  readonly failures: string
  readonly first_at: Date
  readonly last_at: Date
}

async function read(dataSource: Queryable, capability: string): Promise<KeptTraffic> {
  const rows: CountRow[] = await dataSource.query(
    `SELECT capability, endpoint, entered, target, requests, failures, first_at, last_at
     FROM ${CONTROL_SCHEMA}.traffic WHERE capability = $1`,
    [capability],
  )
  const looks: { look: TrafficLook }[] = await dataSource.query(
    `SELECT look FROM ${CONTROL_SCHEMA}.traffic_looks
     WHERE capability = $1 AND told_at > clock_timestamp() - interval '1 hour'`,
    [capability],
  )
  const soaks: { entered: number; clock: SoakClock | null }[] = await dataSource.query(
    `SELECT entered, clock FROM ${CONTROL_SCHEMA}.soak_clocks WHERE capability = $1`,
    [capability],
  )
  const since = rows.map(({ first_at: firstAt }) => firstAt.getTime())
  return {
    since: since.length === 0 ? undefined : Math.min(...since),
    counts: rows.map(({ first_at: _firstAt, last_at: lastAt, requests, failures, ...place }) => ({
      ...place,
      lastAt: lastAt.getTime(),
      requests: Number(requests),
      failures: Number(failures),
    })),
    looks: looks.map(({ look }) => look),
    soaks: new Map(soaks.flatMap(({ entered, clock }) => (clock === null ? [] : [[entered, clock]]))),
  }
}

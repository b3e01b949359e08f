import type { DataSource, EntityManager } from 'typeorm'
import { boundEndpoint, type EndpointShape, joinEndpoints } from '../compare/contract/endpoint-shape.ts'
import type {
  ContractCheck,
  ContractStore,
  LearntContract,
  LearntRow,
  LearntShape,
  RecordedContract,
} from '../core/contract-store.ts'
import type { RunControl } from './control-errors.ts'
import { CONTROL_SCHEMA } from './control-tables.ts'

/** A deploy begins a new contract; so many of the old ones are kept, for a way back. */
const KEPT_BUILDS = 5

/** Contracts in the control database: what was seen at each endpoint as one row, which every process joins its own to. */
export function createContractStore(dataSource: DataSource, runControl: RunControl): ContractStore {
  return {
    async learn(rows) {
      if (rows.length === 0) return
      await runControl('keeping what answers look like', () =>
        dataSource.transaction((tx) => learnRows(tx, rows)),
      )
    },

    learnt: (capability) =>
      runControl('reading what answers look like', () => readLearnt(dataSource, capability)),

    record: (contract) => runControl('recording a contract', () => writeContract(dataSource, contract)),

    async recorded(capability) {
      const rows: ContractRow[] = await runControl('reading a contract', () =>
        dataSource.query(`SELECT ${COLUMNS} FROM ${CONTROL_SCHEMA}.contracts WHERE capability = $1`, [
          capability,
        ]),
      )
      return rows[0] === undefined ? undefined : toContract(rows[0])
    },

    async verified({ capability, digest, ...check }) {
      const [rows]: [unknown[], number] = await runControl('keeping the check of a contract', () =>
        dataSource.query(
          `UPDATE ${CONTROL_SCHEMA}.contracts
           SET verified = $3::jsonb || jsonb_build_object('at', floor(extract(epoch FROM clock_timestamp()) * 1000))
           WHERE capability = $1 AND digest = $2 RETURNING capability`,
          [capability, digest, JSON.stringify(check)],
        ),
      )
      return rows.length > 0
    },
  }
}

/** In the order of their keys: processes that learn of the same endpoints in different orders would wait for each other. */
async function learnRows(tx: EntityManager, rows: readonly LearntRow[]): Promise<void> {
  const keyOf = ({ capability, build, endpoint }: LearntRow) => `${capability}\n${build}\n${endpoint}`
  const inOrder = [...rows].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
  for (const { capability, build, endpoint, exchanges, shape } of inOrder) {
    const [present]: { shape: LearntShape | null }[] = await tx.query(
      `INSERT INTO ${CONTROL_SCHEMA}.contract_shapes AS kept (capability, build, endpoint, exchanges)
       VALUES ($1, $2, $3, $4)
       ON CONFLICT (capability, build, endpoint)
         DO UPDATE SET exchanges = kept.exchanges + excluded.exchanges, last_seen_at = clock_timestamp()
       RETURNING shape`,
      [capability, build, endpoint, exchanges],
    )
    if (shape === undefined) continue
    // The row is locked since the statement above, until the transaction ends.
    const joined = present?.shape == null ? shape : join(present.shape, shape)
    await tx.query(
      `UPDATE ${CONTROL_SCHEMA}.contract_shapes SET shape = $4 WHERE capability = $1 AND build = $2 AND endpoint = $3`,
      [capability, build, endpoint, JSON.stringify(joined)],
    )
  }
  for (const capability of new Set(inOrder.map((row) => row.capability))) await deleteOld(tx, capability)
}

function join(one: LearntShape, other: LearntShape): LearntShape {
  return boundEndpoint(joinEndpoints(one as EndpointShape, other as EndpointShape))
}

async function deleteOld(tx: EntityManager, capability: string): Promise<void> {
  await tx.query(
    `DELETE FROM ${CONTROL_SCHEMA}.contract_shapes WHERE capability = $1 AND build NOT IN (
       SELECT build FROM ${CONTROL_SCHEMA}.contract_shapes WHERE capability = $1
       GROUP BY build ORDER BY max(last_seen_at) DESC LIMIT $2)`,
    [capability, KEPT_BUILDS],
  )
}

async function readLearnt(dataSource: DataSource, capability: string): Promise<LearntContract | undefined> {
  const rows: { build: string; endpoint: string; exchanges: number; shape: LearntShape; at: Date }[] =
    await dataSource.query(
      `SELECT build, endpoint, exchanges::float8 AS exchanges, shape, last_seen_at AS at
       FROM ${CONTROL_SCHEMA}.contract_shapes WHERE capability = $1 AND shape IS NOT NULL AND build = (
         SELECT build FROM ${CONTROL_SCHEMA}.contract_shapes WHERE capability = $1 AND shape IS NOT NULL
         ORDER BY last_seen_at DESC LIMIT 1)
       ORDER BY endpoint`,
      [capability],
    )
  const [first] = rows
  if (first === undefined) return undefined
  const latest = Math.max(...rows.map(({ at }) => at.getTime()))
  return {
    build: first.build,
    lastSeenAt: new Date(latest).toISOString(),
    endpoints: rows.map(({ endpoint, exchanges, shape }) => ({ endpoint, exchanges, shape })),
  }
}

interface ContractRow {
  capability: string
  build: string
  digest: string
  document: object
  endpoints: number
  recordedAt: Date
  verified: ContractCheck | null
}

const COLUMNS = 'capability, build, digest, document, endpoints, recorded_at AS "recordedAt", verified'

async function writeContract(
  dataSource: DataSource,
  { capability, build, digest, document, endpoints }: Parameters<ContractStore['record']>[0],
): Promise<RecordedContract> {
  const rows: ContractRow[] = await dataSource.query(
    `INSERT INTO ${CONTROL_SCHEMA}.contracts AS kept (capability, build, digest, document, endpoints, recorded_at)
     VALUES ($1, $2, $3, $4, $5, clock_timestamp())
     ON CONFLICT (capability) DO UPDATE SET
       build = excluded.build, digest = excluded.digest, document = excluded.document,
       endpoints = excluded.endpoints, recorded_at = excluded.recorded_at,
       verified = CASE WHEN kept.digest = excluded.digest THEN kept.verified END
     RETURNING ${COLUMNS}`,
    [capability, build, digest, JSON.stringify(document), endpoints],
  )
  return toContract(rows[0] as ContractRow)
}

function toContract({ recordedAt, verified, ...row }: ContractRow): RecordedContract {
  return { ...row, recordedAt: recordedAt.getTime(), ...(verified === null ? {} : { verified }) }
}

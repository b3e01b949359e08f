import type { Direction } from '../../core/sync-words.ts'
import { describe } from '../classify-error.ts'
import type { SyncDatabase } from '../database.ts'
import type { Probe, TablesPlace } from '../survey.ts'
import { isPast } from './after-cutover.ts'
import { type Finding, toFinding } from './findings.ts'

export interface ProbedDatabase {
  readonly database: SyncDatabase
  readonly side: string
  readonly role: 'source' | 'target'
  readonly places: readonly TablesPlace[]
}

/** Asks everything that concerns this database. A query that fails is a finding: what it would have found is not known. */
export async function runProbes(probed: ProbedDatabase, direction: Direction): Promise<Finding[]> {
  const { probes } = probed.database.dialect.survey
  const findings: Finding[] = []
  // One after the other: the databases have other things to do.
  const due = probes.filter(
    ({ on, code }) => (on === 'both' || on === probed.role) && !isPast(code, direction),
  )
  for (const probe of due) {
    try {
      findings.push(...(await runProbe(probe, probed)))
    } catch (error) {
      const reason = `whether there is "${probe.code}" could not be asked: ${describe(error)}`
      findings.push(toFinding('NOT_LOOKED_AT', { side: probed.side, reason }))
    }
  }
  return findings
}

async function runProbe(probe: Probe, { database, side, places }: ProbedDatabase): Promise<Finding[]> {
  if (probe.when !== undefined && (await database.query(probe.when)).length === 0) return []
  const { statement } = probe
  const statements = typeof statement === 'function' ? places.map(statement) : [statement]
  const rows: Awaited<ReturnType<SyncDatabase['query']>> = []
  for (const one of statements) rows.push(...(await database.query(one)))
  return rows.flatMap((row) => {
    const found = probe.tell(row)
    return found === undefined ? [] : [toFinding(probe.code, { side, ...found })]
  })
}

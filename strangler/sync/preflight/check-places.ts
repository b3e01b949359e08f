import { isSameDatabase, type PairAddresses } from '../database-pair.ts'
import type { QueueServer } from '../transport.ts'
import { type Finding, toFinding } from './findings.ts'

/** What the addresses alone tell. */
export function checkPlaces({ monolith, service }: PairAddresses, queue: QueueServer | undefined): Finding[] {
  const findings: Finding[] = []
  if (isSameDatabase(monolith.url, service.url)) {
    const reason = `\`sides.${monolith.side}.database\` and \`sides.${service.side}.database\` are one database`
    findings.push(toFinding('DATABASE_SHARED', { reason }))
  }
  if (queue?.kind === 'postgres' && isSameDatabase(queue.url, monolith.url)) {
    const reason = 'the queue would stand in the database of the monolith, which must not bear its load'
    findings.push(toFinding('QUEUE_IN_MONOLITH', { reason }))
  }
  return findings
}

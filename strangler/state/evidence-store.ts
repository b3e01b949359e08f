import type { DataSource } from 'typeorm'
import type { EvidenceStore, KeptFindings } from '../core/evidence-store.ts'
import type { RunControl } from './control-errors.ts'
import { CONTROL_SCHEMA } from './control-tables.ts'

interface EvidenceRow {
  kind: keyof KeptFindings
  at: Date
  monolith: string | null
  service: string | null
  content: never
}

/** What the guide goes by and nobody measures twice for nothing, in the control database. */
export function createEvidenceStore(dataSource: DataSource, runControl: RunControl): EvidenceStore {
  return {
    async keep(capability, kind, content) {
      await runControl(`keeping the evidence of a ${kind}`, () =>
        dataSource.query(
          `INSERT INTO ${CONTROL_SCHEMA}.guide_evidence (capability, kind, content, at, monolith_build, service_build)
           SELECT $1, $2, $3, clock_timestamp(), seen.monolith_build, seen.service_build
           FROM (SELECT 1) AS always LEFT JOIN LATERAL (
             SELECT monolith_build, service_build FROM ${CONTROL_SCHEMA}.comparison_bases
             WHERE capability = $1 ORDER BY last_seen_at DESC, id LIMIT 1) AS seen ON true
           ON CONFLICT (capability, kind) DO UPDATE SET content = excluded.content, at = excluded.at,
             monolith_build = excluded.monolith_build, service_build = excluded.service_build`,
          [capability, kind, JSON.stringify(content)],
        ),
      )
    },
    async read(capability) {
      const rows: EvidenceRow[] = await runControl('reading the evidence of a capability', () =>
        dataSource.query(
          `SELECT kind, at, monolith_build AS monolith, service_build AS service, content
           FROM ${CONTROL_SCHEMA}.guide_evidence WHERE capability = $1`,
          [capability],
        ),
      )
      return Object.fromEntries(
        rows.map(({ kind, at, monolith, service, content }) => [
          kind,
          { at: at.getTime(), content, ...toBuilds(monolith, service) },
        ]),
      )
    },
  }
}

function toBuilds(monolith: string | null, service: string | null) {
  return monolith === null || service === null ? {} : { builds: { monolith, service } }
}

import type { Severity } from './finding-kind.ts'
import { SERVER_FINDINGS } from './server-findings.ts'
import { TABLE_FINDINGS } from './table-findings.ts'

/** The one catalogue of what the pre-flight can find, and the source of docs/reference/doctor.md. */
export const FINDINGS = { ...SERVER_FINDINGS, ...TABLE_FINDINGS } as const

export type FindingCode = keyof typeof FINDINGS

/** Something that stands in the way of a sync, or might later, and what mends it. */
export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  /** Whose database; absent where it is about the configuration. */
  readonly side?: string
  /** Absent where it is about the server. */
  readonly table?: string
  /** What was found, in a sentence without its end. */
  readonly reason: string
  readonly why: string
  readonly mend: string
}

/** What a check knows; the rest comes from the catalogue. */
export interface Found {
  readonly side?: string | undefined
  readonly table?: string | undefined
  readonly reason: string
  readonly mend?: string | undefined
}

export function toFinding(code: FindingCode, { side, table, reason, mend }: Found): Finding {
  const kind = FINDINGS[code]
  return {
    ...{ code, severity: kind.severity, reason, why: kind.why, mend: mend ?? kind.mend },
    ...(side === undefined ? {} : { side }),
    ...(table === undefined ? {} : { table }),
  }
}

const ORDER: readonly Severity[] = ['blocks', 'warns', 'note']

/** The worst first; otherwise as they were found. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return ORDER.flatMap((severity) => findings.filter((finding) => finding.severity === severity))
}

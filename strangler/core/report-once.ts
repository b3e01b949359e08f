import type { ReportError } from './ports.ts'

/** Tells of a failure that comes again and again when it comes first. */
export interface FailureTeller {
  report(operation: string, error: unknown): void
  /** All is well again: the next failure is news. */
  forget(): void
}

/** The same failure every second tells nothing new. */
export function reportOnce(report: ReportError): FailureTeller {
  let last: string | undefined
  return {
    report(operation, error) {
      const said = `${operation} ${error instanceof Error ? error.message : String(error)}`
      if (said !== last) report(operation, error)
      last = said
    },
    forget() {
      last = undefined
    },
  }
}

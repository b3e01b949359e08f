import type { Problem } from '../../admin/contracts.ts'

interface VersionConflictProps {
  readonly problem: Problem
  readonly retry: (version: number) => Promise<void>
}

interface ConflictingLine {
  readonly version: number
  readonly by: string
  readonly event: { readonly kind: string; readonly endpoint?: string; readonly capability?: string }
}

const SHOWN = 5

/** Somebody was faster: what he did, and the choice to go on all the same. */
export function VersionConflict({ problem, retry }: VersionConflictProps) {
  const { currentVersion, entries } = problem.details ?? {}
  if (problem.code !== 'STRANGLER_VERSION_CONFLICT' || typeof currentVersion !== 'number') return null
  const lines = Array.isArray(entries) ? (entries as ConflictingLine[]).slice(-SHOWN) : []
  return (
    <div class="note unsure">
      <ul class="plain-list">
        {lines.map(({ version, by, event }) => (
          <li key={version}>
            {version}: {by} · {event.kind} {event.endpoint ?? event.capability}
          </li>
        ))}
      </ul>
      <div>
        <button type="button" class="button" onClick={() => void retry(currentVersion)}>
          Do it all the same
        </button>
      </div>
    </div>
  )
}

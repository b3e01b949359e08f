import { Prose } from './prose.tsx'

interface Shown {
  readonly code: string
  readonly detail: string
  readonly fix?: string | undefined
}

/** What went wrong, and what mends it. */
export function ProblemNote({ problem }: { readonly problem: Shown }) {
  return (
    <div class="note bad" role="alert">
      <p>
        <Prose text={problem.detail} /> <span class="code">{problem.code}</span>
      </p>
      {problem.fix !== undefined && (
        <p class="quiet">
          <Prose text={problem.fix} />
        </p>
      )}
    </div>
  )
}

import { formatShare } from './format.ts'

interface ShareBarProps {
  readonly label: string
  /** Of whatever is counted. */
  readonly monolith: number
  readonly service: number
}

/** How something is divided between the sides: the monolith hatched, the service plain. */
export function ShareBar({ label, monolith, service }: ShareBarProps) {
  const total = monolith + service
  const share = total === 0 ? undefined : service / total
  return (
    <div class="share">
      <div class="share-words">
        {label !== '' && <span class="quiet">{label}</span>}
        {share === undefined ? (
          <span class="quiet">no traffic now</span>
        ) : (
          <span>
            monolith {formatShare(1 - share, 0)} · service {formatShare(share, 0)}
          </span>
        )}
      </div>
      <div class="share-bar" aria-hidden="true">
        {share !== undefined && <span class="share-monolith" style={{ flexGrow: 1 - share }} />}
        {share !== undefined && <span class="share-service" style={{ flexGrow: share }} />}
      </div>
    </div>
  )
}

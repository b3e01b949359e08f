interface PagerProps {
  readonly what: string
  readonly from: number
  readonly to: number
  readonly of?: number
  readonly onBack: (() => void) | undefined
  readonly onNext: (() => void) | undefined
}

/** Steps through a long list: no page of it is ever longer than a person reads. */
export function Pager({ what, from, to, of, onBack, onNext }: PagerProps) {
  if (to === 0) return null
  // Where one page is all there is, nothing is to be pressed.
  const isAll = onBack === undefined && onNext === undefined
  return (
    <nav class="pager" aria-label={`Pages of ${what}`}>
      {!isAll && (
        <button type="button" class="button small" disabled={onBack === undefined} onClick={onBack}>
          Previous
        </button>
      )}
      <span role="status">
        {from}–{to}
        {of === undefined ? '' : ` of ${of}`}
      </span>
      {!isAll && (
        <button type="button" class="button small" disabled={onNext === undefined} onClick={onNext}>
          Next
        </button>
      )}
    </nav>
  )
}

/** `blocks` refuses the installation, `warns` is to be looked at before the cut-over at the latest, `note` is good to know. */
export type Severity = 'blocks' | 'warns' | 'note'

export interface FindingKind {
  readonly severity: Severity
  readonly title: string
  /** Why it matters, in one or two sentences. */
  readonly why: string
  /** What mends it, where the finding itself does not know better. */
  readonly mend: string
}

/** The header by which a service says what became of a shadow request. Without it nobody has run anything dry. */
export const DRY_RUN_HEADER = 'x-strangler-dry-run'

/**
 * `ready`: a read, answered as ever by a service that can run writes dry · `rolled-back`: a dry run, whose answer is what a real one's would
 * have been · `busy`: others held a lock, or too many dry runs ran already · `timeout` · `refused`: it cannot be run dry, or the mark is not the kit's · `failed`.
 */
export type DryRunOutcome = 'ready' | 'rolled-back' | 'busy' | 'timeout' | 'refused' | 'failed'

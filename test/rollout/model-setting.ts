/** What the model of a cut-over moves. */
export const CAPABILITY = 'items'
/** The longest hold that is allowed. */
export const HOLD_MS = 5_000

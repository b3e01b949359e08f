import { CHECKPOINT, dropTable, quoteText, SYNC_STATE } from './names.ts'
import { dropWhenUnused, hasTable } from './target-state.ts'

/** All lines of the capability in one statement, so that the token is there until everything else is done, and the table goes when it is empty. */
export function forgetCapability(capability: string): string[] {
  const name = quoteText(capability)
  const forgetState = quoteText(`DELETE FROM ${SYNC_STATE} WHERE capability = ${name}`)
  return [
    `BEGIN NOT ATOMIC\nIF ${hasTable(SYNC_STATE)} THEN EXECUTE IMMEDIATE ${forgetState}; END IF; END`,
    // `backfill:shop:forward:3`: a capability may be called as a direction is.
    `DELETE FROM ${CHECKPOINT} WHERE SUBSTRING_INDEX(SUBSTRING_INDEX(name, ':', 2), ':', -1) = ${name}`,
    dropWhenUnused(`SELECT 1 FROM ${CHECKPOINT}`, [dropTable(CHECKPOINT)]),
  ]
}

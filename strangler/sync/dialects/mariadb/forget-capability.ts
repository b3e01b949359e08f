import { CHECKPOINT, dropTable, quoteText, SYNC_STATE } from './names.ts'
import { dropWhenUnused, hasTable } from './target-state.ts'

/**
 * All lines of the capability in one statement, so that the token is there until everything else is done: with the table where nobody else has any, since dropping it
 * may have to be repeated under the same fence, which needs the lines.
 */
export function forgetCapability(capability: string): string[] {
  const name = quoteText(capability)
  // `backfill:shop:forward:3`: a capability may be called as a direction is.
  const isOwn = `SUBSTRING_INDEX(SUBSTRING_INDEX(name, ':', 2), ':', -1) = ${name}`
  return [
    whereThere(SYNC_STATE, `DELETE FROM ${SYNC_STATE} WHERE capability = ${name}`),
    dropWhenUnused(`SELECT 1 FROM ${CHECKPOINT} WHERE NOT (${isOwn})`, [dropTable(CHECKPOINT)]),
    whereThere(CHECKPOINT, `DELETE FROM ${CHECKPOINT} WHERE ${isOwn}`),
    // Two that go at once have each seen the other's lines.
    whereThere(CHECKPOINT, dropWhenUnused(`SELECT 1 FROM ${CHECKPOINT}`, [dropTable(CHECKPOINT)])),
  ]
}

function whereThere(table: string, statement: string): string {
  return `BEGIN NOT ATOMIC\nIF ${hasTable(table)} THEN EXECUTE IMMEDIATE ${quoteText(statement)}; END IF; END`
}

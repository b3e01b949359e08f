import { atomically, quoteText, SCHEMA } from './names.ts'
import { dropWhatIsUnused } from './target-state.ts'

/** One transaction, whose lock lets two capabilities that go at once not each take the other's line for a reason to leave the table. */
export function forgetCapability(capability: string): string[] {
  const name = quoteText(capability)
  return [
    atomically([
      `LOCK TABLE ${SCHEMA}.checkpoint IN ACCESS EXCLUSIVE MODE;`,
      `IF to_regclass('${SCHEMA}.sync_state') IS NOT NULL THEN
  DELETE FROM ${SCHEMA}.sync_state WHERE capability = ${name};
END IF;`,
      // `backfill:shop:forward:3`: a capability may be called as a direction is.
      `DELETE FROM ${SCHEMA}.checkpoint WHERE split_part(name, ':', 2) = ${name};`,
      `IF NOT EXISTS (SELECT FROM ${SCHEMA}.checkpoint) THEN DROP TABLE ${SCHEMA}.checkpoint; END IF;`,
    ]),
    dropWhatIsUnused,
  ]
}

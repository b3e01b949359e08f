import { FENCE_SQLSTATE } from '../../fence-refusal.ts'
import { quoteBody, quoteText, SCHEMA } from './names.ts'

/** Waits for whoever changes triggers under an earlier token. */
export function raiseToken(name: string, token: number): string {
  const raise = `INSERT INTO ${SCHEMA}.checkpoint AS c (name, state) VALUES (${quoteText(name)}, '${token}')
ON CONFLICT (name) DO UPDATE SET state = excluded.state WHERE c.state::bigint < excluded.state::bigint;`
  return `DO ${quoteBody(`BEGIN\n${raise}\n${check(name, token)}\nEND`)}`
}

/**
 * One text, hence one transaction that needs no further word of its client: a coordinator that is frozen in the middle holds no lock. The token's line is
 * locked until its end.
 */
export function whileToken(name: string, token: number, statements: readonly string[]): string {
  const first = `BEGIN\nPERFORM set_config('lock_timeout', '1s', true);\n${check(name, token)}\nEND`
  return [`DO ${quoteBody(first)}`, ...statements].join(';\n')
}

/** For PL/pgSQL. */
function check(name: string, token: number): string {
  return `PERFORM FROM ${SCHEMA}.checkpoint WHERE name = ${quoteText(name)} AND state = '${token}' FOR SHARE;
IF NOT FOUND THEN
  RAISE EXCEPTION 'strangler: another cut-over, undoing, installation or uninstallation has begun since' USING ERRCODE = '${FENCE_SQLSTATE}';
END IF;`
}

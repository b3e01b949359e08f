import { quoteBody, quoteText, SCHEMA } from './names.ts'

/** Waits for whoever changes triggers under an earlier token. */
export function raiseToken(name: string, token: number): string {
  return `INSERT INTO ${SCHEMA}.checkpoint AS c (name, state) VALUES (${quoteText(name)}, '${token}')
ON CONFLICT (name) DO UPDATE SET state = excluded.state WHERE c.state::bigint < excluded.state::bigint`
}

/**
 * One text, hence one transaction that needs no further word of its client: a coordinator that is frozen in the middle holds no lock. The token's line is
 * locked until its end.
 */
export function whileToken(name: string, token: number, statements: readonly string[]): string {
  const check = `BEGIN
PERFORM set_config('lock_timeout', '1s', true);
PERFORM FROM ${SCHEMA}.checkpoint WHERE name = ${quoteText(name)} AND state = '${token}' FOR SHARE;
IF NOT FOUND THEN
  RAISE EXCEPTION 'strangler: a later cut-over, or the undoing of this one, has begun';
END IF;
END`
  return [`DO ${quoteBody(check)}`, ...statements].join(';\n')
}

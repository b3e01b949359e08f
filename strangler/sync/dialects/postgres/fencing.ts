import { quoteBody, quoteText, SCHEMA } from './names.ts'

/** Waits for whoever changes triggers under an earlier token. */
export function raiseToken(name: string, token: number): string {
  const raise = `IF to_regclass('${SCHEMA}.checkpoint') IS NOT NULL THEN
  UPDATE ${SCHEMA}.checkpoint SET state = '${token}' WHERE name = ${quoteText(name)} AND state::bigint < ${token};
END IF;`
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

/** For PL/pgSQL. An uninstallation may have taken the table away. */
function check(name: string, token: number): string {
  const refuse = `RAISE EXCEPTION 'strangler: another cut-over, undoing, installation or uninstallation has begun since'`
  return `IF to_regclass('${SCHEMA}.checkpoint') IS NULL THEN
  ${refuse};
END IF;
PERFORM FROM ${SCHEMA}.checkpoint WHERE name = ${quoteText(name)} AND state = '${token}' FOR SHARE;
IF NOT FOUND THEN
  ${refuse};
END IF;`
}

import type { FenceLine, StandingFence } from '../../dialect.ts'
import { FENCE_SQLSTATE } from '../../fence-refusal.ts'
import { quoteBody, quoteText, SCHEMA } from './names.ts'

/** Waits for whoever changes triggers under an earlier token. */
export function raiseToken(token: number, { name, lines }: StandingFence): string {
  const raise = `INSERT INTO ${SCHEMA}.checkpoint AS c (name, state) VALUES (${quoteText(name)}, '${token}')
ON CONFLICT (name) DO UPDATE SET state = excluded.state WHERE c.state::bigint < excluded.state::bigint;`
  const raised = checkLine({ name, state: String(token) })
  return `DO ${quoteBody(`BEGIN\n${check(lines)}\n${raise}\n${raised}\nEND`)}`
}

/**
 * One text, hence one transaction that needs no further word of its client: a coordinator that is frozen in the middle holds no lock. The lines are
 * locked until its end.
 */
export function whileStanding({ lines }: StandingFence, statements: readonly string[]): string {
  const first = `BEGIN\nPERFORM set_config('lock_timeout', '1s', true);\n${check(lines)}\nEND`
  return [`DO ${quoteBody(first)}`, ...statements].join(';\n')
}

const REFUSE = `RAISE EXCEPTION 'strangler: another cut-over, undoing, installation or uninstallation has begun since' USING ERRCODE = '${FENCE_SQLSTATE}'`

/** For PL/pgSQL. An uninstallation may have taken the table away, and with it every line. */
function check(lines: readonly FenceLine[]): string {
  const refuse = lines.some(({ state }) => state !== undefined) ? `${REFUSE};` : 'NULL;'
  return `IF to_regclass('${SCHEMA}.checkpoint') IS NULL THEN
  ${refuse}
ELSE
  ${['NULL;', ...lines.map(checkLine)].join('\n  ')}
END IF;`
}

function checkLine({ name, state }: FenceLine): string {
  const found = `PERFORM FROM ${SCHEMA}.checkpoint WHERE name = ${quoteText(name)}`
  return state === undefined
    ? `${found};\nIF FOUND THEN\n  ${REFUSE};\nEND IF;`
    : `${found} AND state = ${quoteText(state)} FOR SHARE;\nIF NOT FOUND THEN\n  ${REFUSE};\nEND IF;`
}

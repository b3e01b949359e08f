import type { FenceLine, StandingFence } from '../../dialect.ts'
import { FENCE_SQLSTATE } from '../../fence-refusal.ts'
import { asPart, CHECKPOINT, quoteText } from './names.ts'

/** DDL commits, so no row stays locked over it: a lock by name has to do, held within one statement. */
export function raiseToken(token: number, { name, lines }: StandingFence): string {
  return locked(
    name,
    `${check(lines)}
INSERT INTO ${CHECKPOINT} (name, state) VALUES (${quoteText(name)}, '${token}')
ON DUPLICATE KEY UPDATE state = IF(CAST(state AS UNSIGNED) < ${token}, VALUES(state), state);
${checkLine({ name, state: String(token) })}`,
  )
}

export function whileStanding({ name, lines }: StandingFence, statements: readonly string[]): string {
  return locked(
    name,
    `${check(lines)}
${statements.map(asPart).join('\n')}`,
  )
}

const REFUSE = `SIGNAL SQLSTATE '${FENCE_SQLSTATE}' SET MESSAGE_TEXT = 'strangler: another cut-over, undoing, installation or uninstallation has begun since';`

/** An uninstallation may have taken the table away, and with it every line. */
function check(lines: readonly FenceLine[]): string {
  const refuse = lines.some(({ state }) => state !== undefined) ? REFUSE : 'BEGIN END;'
  return `BEGIN
DECLARE EXIT HANDLER FOR SQLSTATE '42S02' ${refuse}
${lines.map(checkLine).join('\n')}
END;`
}

function checkLine({ name, state }: FenceLine): string {
  const found = `EXISTS (SELECT 1 FROM ${CHECKPOINT} WHERE name = ${quoteText(name)}`
  const isOther = state === undefined ? `${found})` : `NOT ${found} AND state = ${quoteText(state)})`
  return `IF ${isOther} THEN
  ${REFUSE}
END IF;`
}

/** One statement: a coordinator that is frozen in the middle holds no lock. Who waits too long tries again, as for any other lock (1205). */
function locked(name: string, body: string): string {
  const lock = `CONCAT('strangler ', MD5(CONCAT(DATABASE(), ' ', ${quoteText(name)})))`
  return `BEGIN NOT ATOMIC
DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN
  DO RELEASE_LOCK(${lock});
  RESIGNAL;
END;
IF COALESCE(GET_LOCK(${lock}, 1), 0) <> 1 THEN
  SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1205, MESSAGE_TEXT = 'strangler: another step of the cut-over is at work';
END IF;
${body}
DO RELEASE_LOCK(${lock});
END`
}

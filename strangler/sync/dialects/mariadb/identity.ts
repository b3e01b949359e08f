import type { TableShape } from '../../../core/sync-words.ts'
import type { Statement } from '../../dialect.ts'
import { DDL, quoteName, quoteText } from './names.ts'

/** The largest number of each type, without a sign and with it. */
const LARGEST: Readonly<Record<string, readonly [string, string]>> = {
  tinyint: ['255', '127'],
  smallint: ['65535', '32767'],
  mediumint: ['16777215', '8388607'],
  int: ['4294967295', '2147483647'],
  bigint: ['18446744073709551615', '9223372036854775807'],
}

export function readIdentities(table: TableShape): Statement[] {
  return table.columns
    .filter(({ identity }) => identity)
    .map(({ name, type }) => {
      const [unsigned, signed] = LARGEST[/^[a-z]+/.exec(type)?.[0] ?? ''] ?? LARGEST['bigint']!
      return {
        sql: `SELECT ${quoteText(name)} AS name, CAST(COALESCE(t.AUTO_INCREMENT, 1) AS CHAR) AS next,
  (SELECT CAST(COALESCE(MAX(${quoteName(name)}), 0) + 1 AS CHAR) FROM ${quoteName(table.name)}) AS free, ? AS last
FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME = ?`,
        params: [/unsigned/.test(type) ? unsigned : signed, table.name],
      }
    })
}

export function setIdentity(table: TableShape, _column: string, next: string): string {
  if (!/^\d+$/.test(next)) throw new Error(`"${next}" is no number of a row`)
  return `${DDL} ALTER TABLE ${quoteName(table.name)} AUTO_INCREMENT = ${next}`
}

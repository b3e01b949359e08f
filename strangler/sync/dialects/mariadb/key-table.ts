import type { TableShape } from '../../../core/sync-words.ts'
import { decodeKey } from '../../canonical.ts'
import { quoteName } from './names.ts'
import { castKeyPart, keyColumns, writeKeyText } from './values.ts'

/** Keys as a table `k` in SQL: `pos`, `key`, and its parts `k0, k1 …` as texts. */
export interface KeyTable {
  readonly sql: string
  readonly params: readonly string[]
  /** The condition under which a row of the table has the key, found by the index and then compared exactly. */
  matches(alias: string): string
}

const TEXT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'

/** One parameter however many keys there are: JSON_TABLE takes them apart. */
export function readKeyTable(table: TableShape, keys: readonly string[]): KeyTable {
  const columns = keyColumns(table)
  const parts = columns.map((_, index) => `k${index} TEXT ${TEXT} PATH '$[${index + 1}]'`)
  return {
    sql: `JSON_TABLE(?, '$[*]' COLUMNS (pos FOR ORDINALITY, \`key\` TEXT ${TEXT} PATH '$[0]', ${parts.join(', ')})) k`,
    params: [JSON.stringify(keys.map((key) => [key, ...decodeKey(key)]))],
    matches: (alias) =>
      [
        ...columns.map(
          (column, index) => `${alias}.${quoteName(column.name)} = ${castKeyPart(column, `k.k${index}`)}`,
        ),
        `${writeKeyText(table, alias)} = k.\`key\``,
      ].join(' AND '),
  }
}

import type { TableShape } from '../../../core/sync-words.ts'
import type { Statement } from '../../dialect.ts'
import { quoteName } from './names.ts'
import { castKeyPart, keyColumns } from './values.ts'

/** Written out, because MariaDB finds no range in `(a, b) > (x, y)`. */
export function writeKeyComparison(
  table: TableShape,
  operator: '>' | '<=',
  key: readonly string[],
): Statement {
  const columns = keyColumns(table)
  const compare = (index: number, how: string) => {
    const column = columns[index]!
    return `r.${quoteName(column.name)} ${how} ${castKeyPart(column, '?')}`
  }
  const strict = operator === '>' ? '>' : '<'
  const cases = columns.map((_, last) => {
    const equal = columns.slice(0, last).map((_column, index) => compare(index, '='))
    const how = last === columns.length - 1 ? operator : strict
    return { sql: [...equal, compare(last, how)].join(' AND '), params: key.slice(0, last + 1) }
  })
  return {
    sql: `(${cases.map(({ sql }) => `(${sql})`).join(' OR ')})`,
    params: cases.flatMap(({ params }) => params),
  }
}

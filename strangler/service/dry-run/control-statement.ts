import type { DialectName } from '../../core/sync-words.ts'

/** What a statement means for transactions. `none`: it is ordinary SQL. */
export type ControlStatement =
  | 'begin'
  | 'commit'
  | 'rollback'
  /** Within a transaction: SAVEPOINT, RELEASE, ROLLBACK TO. */
  | 'savepoint'
  /** Says how a transaction is to be isolated. */
  | 'isolation'
  /** Ends transactions in another way, or changes what keeps a dry run dry. */
  | 'forbidden'
  | 'none'

const SPACE_AND_COMMENTS = /^(\s|--[^\n]*(\n|$)|\/\*[\s\S]*?\*\/)+/

const COMMON: readonly (readonly [RegExp, ControlStatement])[] = [
  [/^(commit|rollback|abort|end)\b.*\bchain\b/, 'forbidden'],
  [/^(commit|rollback) prepared\b/, 'forbidden'],
  [/^prepare transaction\b/, 'forbidden'],
  [/^(begin|start transaction)\b/, 'begin'],
  [/^(savepoint|release|rollback (work |transaction )?to)\b/, 'savepoint'],
  [/^(commit|end)\b/, 'commit'],
  [/^(rollback|abort)\b/, 'rollback'],
  [/^set (session |local )?transaction isolation\b/, 'isolation'],
  [/^set\b.*(session characteristics|default_transaction|\btransaction\b|autocommit|strangler)/, 'forbidden'],
]

/** On MariaDB much commits by itself, DDL above all; what is known not to is let through. */
const MARIADB_ORDINARY =
  /^\(?(select|insert|update|delete|replace|with|values|set|show|explain|describe|desc|do)\b/

/** Reads the first words of a statement. */
export function readControl(sql: string, dialect: DialectName): ControlStatement {
  const plain = sql.replace(SPACE_AND_COMMENTS, '').toLowerCase().replaceAll(/\s+/g, ' ')
  const found = COMMON.find(([pattern]) => pattern.test(plain.slice(0, 500)))?.[1]
  if (found !== undefined) return found
  return dialect === 'postgres' || MARIADB_ORDINARY.test(plain) ? 'none' : 'forbidden'
}

/** Whether nothing deferred can have come of it. */
export function isPlainRead(sql: string): boolean {
  return /^\(?(select|show|explain|values)\b/i.test(sql.replace(SPACE_AND_COMMENTS, ''))
}

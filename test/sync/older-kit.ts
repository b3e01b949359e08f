/** What the kit installed before its log knew who writes, and in which exchange. */
export function withoutWriters(statements: readonly string[]): string[] {
  return statements
    .filter((sql) => !/ADD COLUMN|strangler[._]writer/.test(sql))
    .map((sql) =>
      sql
        .replaceAll(/\n {2}(role|application) (text|VARCHAR\(300\)) NOT NULL DEFAULT '',/g, '')
        .replaceAll(/\n {2}traceparent (text|VARCHAR\(55\) NULL),/g, '')
        .replaceAll('\n  writer_xid xid,', '')
        .replaceAll(
          'INSERT INTO strangler.change_intake (version, tbl, key, op, at, role, application, traceparent)',
          'INSERT INTO strangler.change_log (version, tbl, key, op, at)',
        )
        .replaceAll(/, SESSION_USER, [^;]*;/g, ');')
        .replaceAll(/op, role(, traceparent)?\)/g, 'op)')
        .replaceAll(', USER());', ');')
        .replaceAll(/, IF\(@strangler_apply IS NULL, USER\(\), '+\), [^;]*;/g, ');'),
    )
}

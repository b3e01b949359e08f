import { describe, expect, it } from 'vitest'
import { readControl } from '../../strangler/service/dry-run/control-statement.ts'

describe('what a statement means for transactions', () => {
  it.each([
    ['BEGIN', 'begin'],
    ['  start transaction', 'begin'],
    ['begin isolation level serializable', 'begin'],
    ['COMMIT', 'commit'],
    ['commit work;', 'commit'],
    ['END', 'commit'],
    ['/* a */ -- b\n COMMIT', 'commit'],
    ['ROLLBACK', 'rollback'],
    ['abort', 'rollback'],
    ['ROLLBACK TO SAVEPOINT typeorm_1', 'savepoint'],
    ['rollback work to s', 'savepoint'],
    ['SAVEPOINT typeorm_1', 'savepoint'],
    ['RELEASE SAVEPOINT typeorm_1', 'savepoint'],
    ['SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'isolation'],
    ['COMMIT AND CHAIN', 'forbidden'],
    ['COMMIT\n AND  CHAIN', 'forbidden'],
    [`PREPARE TRANSACTION 'x'`, 'forbidden'],
    [`COMMIT PREPARED 'x'`, 'forbidden'],
    ['SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE', 'forbidden'],
    ['SET default_transaction_read_only = off', 'forbidden'],
    [`SET LOCAL strangler.dry_run = ''`, 'forbidden'],
    [`INSERT INTO commit VALUES ('begin')`, 'none'],
    ['SELECT 1', 'none'],
    ['CREATE TABLE t ()', 'none'],
    ['endpoint', 'none'],
  ])('%j: %s', (sql, kind) => {
    expect(readControl(sql, 'postgres')).toBe(kind)
  })

  it.each([
    ['CREATE TABLE t (id integer)', 'forbidden'],
    ['SET autocommit = 1', 'forbidden'],
    ['set @strangler_dry_run = null', 'forbidden'],
    ['LOCK TABLES t READ', 'forbidden'],
    ['CALL f()', 'forbidden'],
    ['SET @a = 1', 'none'],
    ['(SELECT 1)', 'none'],
    ['REPLACE INTO t VALUES (1)', 'none'],
  ])('%j on MariaDB: %s', (sql, kind) => {
    expect(readControl(sql, 'mariadb')).toBe(kind)
  })
})

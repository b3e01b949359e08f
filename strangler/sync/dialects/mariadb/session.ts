/**
 * What every connection of the kit needs. READ COMMITTED, because under REPEATABLE READ deleting log entries locks gaps that the
 * application's triggers insert into. NO_AUTO_VALUE_ON_ZERO keeps a 0 a 0; zero dates pass between two MariaDBs (PostgreSQL
 * refuses them, so the pre-flight does). The kit is always the one that gives up: locks after 1 s, statements after 5 s.
 */
export function session(): string[] {
  return [
    'SET NAMES utf8mb4',
    `SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO', innodb_lock_wait_timeout = 1, lock_wait_timeout = 2, max_statement_time = 5`,
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  ]
}

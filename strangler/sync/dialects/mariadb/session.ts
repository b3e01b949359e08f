/**
 * What every connection of the kit needs. READ COMMITTED, because under REPEATABLE READ deleting log entries locks gaps that the
 * application's triggers insert into. NO_AUTO_VALUE_ON_ZERO keeps a 0 a 0; zero dates pass between two MariaDBs (PostgreSQL
 * refuses them, so the pre-flight does).
 */
export function session(): string[] {
  return [
    'SET NAMES utf8mb4',
    `SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'`,
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  ]
}

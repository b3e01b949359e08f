import type { DataSourceOptions } from 'typeorm'
import type { ReportError } from '../core/ports.ts'

const CONNECT_TIMEOUT_MS = 5_000
/** By it the kit knows its own sessions at a server. */
export const APPLICATION_NAME = 'strangler-sync'

export interface ConnectionSettings {
  readonly url: string
  readonly poolSize: number
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
  /** Run on every new connection before anything else. */
  readonly session: readonly string[]
  readonly report: ReportError
}

export function postgresOptions(settings: ConnectionSettings): DataSourceOptions {
  return {
    type: 'postgres',
    url: settings.url,
    applicationName: APPLICATION_NAME,
    installExtensions: false,
    logging: false,
    poolSize: settings.poolSize,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    poolErrorHandler: (error: unknown) => settings.report('sync.database', error),
    extra: {
      keepAlive: true,
      lock_timeout: settings.lockTimeoutMs,
      statement_timeout: settings.statementTimeoutMs,
      // For a server that is gone without a word.
      query_timeout: settings.statementTimeoutMs + 5_000,
      types: { getTypeParser: () => asItCame },
      onConnect: async (client: { query(sql: string): Promise<unknown> }) => {
        if (settings.session.length > 0) await client.query(settings.session.join('; '))
      },
    },
  }
}

export function mariadbOptions(settings: ConnectionSettings): DataSourceOptions {
  return {
    type: 'mariadb',
    url: settings.url.replace(/^mysql:/, 'mariadb:'),
    logging: false,
    charset: 'utf8mb4',
    timezone: 'Z',
    poolSize: settings.poolSize,
    connectTimeout: CONNECT_TIMEOUT_MS,
    extra: {
      enableKeepAlive: true,
      connectAttributes: { program_name: APPLICATION_NAME },
      typeCast: (field: { string(): string | null }) => field.string(),
    },
  }
}

/** What every MariaDB session of the kit needs. */
export function mariadbSession(settings: ConnectionSettings): string[] {
  const seconds = (milliseconds: number) => Math.max(1, Math.ceil(milliseconds / 1_000))
  return [
    `SET SESSION innodb_lock_wait_timeout = ${seconds(settings.lockTimeoutMs)}, lock_wait_timeout = ${seconds(settings.lockTimeoutMs)}`,
    `SET SESSION max_statement_time = ${seconds(settings.statementTimeoutMs)}`,
    ...settings.session,
  ]
}

/** What the server wrote, whatever its type. */
function asItCame(text: unknown): unknown {
  return text
}

import { type DataSource, MoreThan } from 'typeorm'
import { StranglerError } from '../core/errors.ts'
import type { HistoryOptions, Journal, JournalAppend, ReportError } from '../core/ports.ts'
import type { JournalEntry } from '../core/words.ts'
import { failureCode, type RunControl } from './control-errors.ts'
import { CONTROL_SCHEMA, type JournalRow, journalTable, toJournalEntry } from './control-tables.ts'
import { JOURNAL_CHANNEL, watchJournal } from './journal-watch.ts'

const DEFAULT_READ_LIMIT = 1_000
const CONFLICT_ENTRIES_SHOWN = 100

// One statement: the guard refuses a gap, the primary key lets one of two concurrent authors win, and the notification leaves
// with the commit. A payload of PostgreSQL ends at 8,000 bytes; a longer line sends its version only and is read by the watcher.
const APPEND = `
  WITH appended AS (
    INSERT INTO ${CONTROL_SCHEMA}.journal (version, by, because, event)
    SELECT $1::integer + 1, $2::text, $3::text, $4::jsonb
    WHERE $1::integer = (SELECT coalesce(max(version), 0) FROM ${CONTROL_SCHEMA}.journal)
    RETURNING version, at, by, because, event
  ), line AS (SELECT appended.*, to_jsonb(appended)::text AS whole FROM appended)
  SELECT version, at, by, because, event, pg_notify('${JOURNAL_CHANNEL}',
    CASE WHEN octet_length(whole) < 7900 THEN whole ELSE json_build_object('version', version)::text END)
  FROM line`

// What people look for is a name; the gates of a step would answer to every word.
const CONTAINS = `strpos(lower(concat_ws(' ', line.by, line.because, line.event ->> 'kind', line.event ->> 'capability',
  line.event ->> 'endpoint', line.event ->> 'path', line.event ->> 'side', line.event ->> 'registration')), :text) > 0`

export interface JournalStoreOptions {
  readonly url: string
  readonly dataSource: DataSource
  readonly runControl: RunControl
  readonly report: ReportError
}

/** The journal in the control database. */
export function createJournalStore({ url, dataSource, runControl, report }: JournalStoreOptions): Journal {
  const rows = dataSource.getRepository(journalTable)

  async function read(afterVersion: number, limit = DEFAULT_READ_LIMIT): Promise<JournalEntry[]> {
    const found = await runControl('reading the journal', () =>
      rows.find({ where: { version: MoreThan(afterVersion) }, order: { version: 'ASC' }, take: limit }),
    )
    return found.map(toJournalEntry)
  }

  async function history({ limit, beforeVersion, kind, text }: HistoryOptions): Promise<JournalEntry[]> {
    const query = rows.createQueryBuilder('line').orderBy('line.version', 'DESC').take(limit)
    if (beforeVersion !== undefined) query.andWhere('line.version < :beforeVersion', { beforeVersion })
    if (kind !== undefined) query.andWhere(`line.event ->> 'kind' = :kind`, { kind })
    if (text !== undefined) query.andWhere(CONTAINS, { text: text.toLowerCase() })
    const found = await runControl('reading the history', () => query.getMany())
    return found.map(toJournalEntry)
  }

  async function append(entry: JournalAppend): Promise<JournalEntry> {
    const { event, by, because, expectedVersion } = entry
    const appended = await runControl(
      'appending to the journal; look at `strangler route history` before you repeat it',
      () => insertRow(dataSource, [expectedVersion, by, because ?? null, JSON.stringify(event)]),
    )
    if (appended !== undefined) return toJournalEntry(appended)
    const [newest] = await history({ limit: 1 })
    throw versionConflict(
      expectedVersion,
      newest?.version ?? 0,
      await read(expectedVersion, CONFLICT_ENTRIES_SHOWN),
    )
  }

  return {
    append,
    read,
    history,
    watch: (options) => watchJournal({ ...options, url, report }),
  }
}

async function insertRow(
  dataSource: DataSource,
  values: readonly unknown[],
): Promise<JournalRow | undefined> {
  try {
    const [row] = await dataSource.query<JournalRow[]>(APPEND, [...values])
    return row
  } catch (error) {
    if (failureCode(error) === '23505') return undefined
    throw error
  }
}

function versionConflict(
  expectedVersion: number,
  currentVersion: number,
  entries: JournalEntry[],
): StranglerError {
  const last = entries.at(-1)
  const changed =
    last === undefined
      ? ''
      : ` ${entries.length} decision(s) came after it, the last by ${last.by} at ${last.at} (${last.event.kind}).`
  return new StranglerError(
    'STRANGLER_VERSION_CONFLICT',
    `The command expects version ${expectedVersion} of the journal, and it stands at ${currentVersion}.${changed}`,
    {
      fix: 'Look at `strangler route history`, and repeat the command if it is still right.',
      details: { expectedVersion, currentVersion, entries },
    },
  )
}

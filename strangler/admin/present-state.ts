import type { Config } from '../config/schema.ts'
import type { ContractStore } from '../core/contract-store.ts'
import type { DataPosition } from '../core/data-position.ts'
import { StranglerError } from '../core/errors.ts'
import type { Clock, Journal, Registrations } from '../core/ports.ts'
import type { JournalEntry, JournalEvent, RouteState } from '../core/words.ts'
import type { Coordinator } from '../rollout/coordinator.ts'
import { compileTable, type RouteTable } from '../routing/compile-table.ts'
import { foldJournal } from '../routing/fold-journal.ts'
import type { SyncControl } from '../sync/sync-control.ts'
import type { Role } from './authenticate.ts'
import type { ComparisonControl } from './compare-questions.ts'
import type { CommandAnswer } from './contracts.ts'
import type { AssessSources } from './gather-assessment.ts'
import type { GuideSources } from './guide/guide-sources.ts'

const READ_LIMIT = 1_000
const CONFLICT_ENTRIES_SHOWN = 100
const CONFIRM_WITHIN_MS = 1_000

/** What the commands and questions of the admin API work on. */
export interface AdminContext {
  /** Puts a span around a command, where somebody wants spans. */
  readonly traceCommand?: <T>(path: string, work: () => Promise<T>) => Promise<T>
  readonly journal: Journal
  readonly registrations: Registrations
  readonly config: Config
  readonly currentState: () => RouteState
  readonly currentTable: () => RouteTable
  readonly clock: Clock
  /** Absent where no contracts are kept. */
  readonly contracts?: ContractStore
  /** Absent where nothing is compared. */
  readonly comparisons?: ComparisonControl
  /** Absent where no data sync is wired. */
  readonly sync?: SyncControl
  /** Absent where no ownership is moved from. */
  readonly rollout?: Pick<Coordinator, 'cutOver' | 'rehearse'>
  /** Absent where nobody is guided. */
  readonly guide?: GuideSources
  /** Absent where neither times nor databases are looked at. */
  readonly assess?: AssessSources
  /** Absent where nothing is known of copies. */
  readonly dataPosition?: DataPosition
}

export interface Position {
  readonly state: RouteState
  readonly table: RouteTable
}

/** Who gives a command, as the journal names them. */
export interface Author {
  readonly role: Role
  readonly as?: string | undefined
  readonly because?: string | undefined
}

/**
 * The state at exactly the version that a command expects, read from the journal: this process may not have heard of the
 * newest entries yet, and a check against an older state would be a check of something else.
 * @throws StranglerError STRANGLER_VERSION_CONFLICT, STRANGLER_CONTROL_DATABASE_UNREACHABLE
 */
export async function standAt(context: AdminContext, expectedVersion: number): Promise<Position> {
  const position = await readPosition(context)
  if (position.state.version === expectedVersion) return position
  const currentVersion = position.state.version
  const entries = await context.journal.read(expectedVersion, CONFLICT_ENTRIES_SHOWN)
  const last = entries.at(-1)
  const changed =
    last === undefined ? '' : ` The last change is by ${last.by} at ${last.at} (${last.event.kind}).`
  throw new StranglerError(
    'STRANGLER_VERSION_CONFLICT',
    `The command expects version ${expectedVersion} of the journal, and it stands at ${currentVersion}.${changed}`,
    {
      fix: 'Look at `strangler route history`, and repeat the command if it is still right.',
      details: { expectedVersion, currentVersion, entries },
    },
  )
}

/** For questions: the newest state if the control database says it within a second, else what this process knows. */
export async function findPosition(context: AdminContext): Promise<Position & { confirmed: boolean }> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, CONFIRM_WITHIN_MS, undefined)
  })
  try {
    const position = await Promise.race([readPosition(context), late])
    if (position !== undefined) return { ...position, confirmed: true }
  } catch (error) {
    if (!(error instanceof StranglerError)) throw error
  } finally {
    clearTimeout(timer)
  }
  return { state: context.currentState(), table: context.currentTable(), confirmed: false }
}

/**
 * The newest state, which the journal itself has said just now.
 * @throws StranglerError STRANGLER_CONTROL_DATABASE_UNREACHABLE
 */
export const standNow = (context: AdminContext): Promise<Position> => readPosition(context)

async function readPosition({
  journal,
  config,
  currentState,
  currentTable,
}: AdminContext): Promise<Position> {
  let state = currentState()
  let entries: JournalEntry[]
  do {
    entries = await journal.read(state.version, READ_LIMIT)
    state = foldJournal(state, entries)
  } while (entries.length === READ_LIMIT)
  const table = currentTable()
  return { state, table: table.version === state.version ? table : compileTable(config, state) }
}

export async function appendDecision(
  { journal }: AdminContext,
  event: JournalEvent,
  { expectedVersion, author }: { expectedVersion: number; author: Author },
): Promise<CommandAnswer> {
  const { because } = author
  const entry = await journal.append({
    event,
    by: showAuthor(author),
    expectedVersion,
    ...(because === undefined ? {} : { because }),
  })
  return { version: entry.version, changed: true, entry }
}

/** As the journal names him. */
export function showAuthor({ role, as }: Author): string {
  return as === undefined ? role : `${role}:${as}`
}

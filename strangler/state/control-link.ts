import type { ComparisonStore } from '../core/comparison-store.ts'
import type { ContractStore } from '../core/contract-store.ts'
import type { MarkStore } from '../core/data-position.ts'
import { StranglerError } from '../core/errors.ts'
import type { EvidenceStore } from '../core/evidence-store.ts'
import type { Journal, Registrations, ReportError, Stoppable } from '../core/ports.ts'
import type { TrafficStore } from '../core/traffic-words.ts'
import type { ControlDatabase } from './control-database.ts'
import type { CutoverLeases } from './cutover-leases.ts'

const RETRY_MS = 1_000

/** The control database as a process sees it that must also run without it: it is opened when it can be, and says so. */
export interface ControlLink extends Stoppable {
  readonly journal: Journal
  readonly registrations: Registrations
  /** @param longestKeepMs for how long any mark is kept */
  createMarks(longestKeepMs: number): MarkStore
  readonly comparisons: ComparisonStore
  readonly contracts: ContractStore
  readonly cutoverLeases: CutoverLeases
  readonly traffic: TrafficStore
  readonly evidence: EvidenceStore
  readInstallation(): Promise<string>
  /** Tries to open it; false when that failed or took longer than `withinMs`. It goes on trying in the background. */
  connect(withinMs: number): Promise<boolean>
  /** Calls `listener` once it is open; at once when it is already. */
  whenOpen(listener: (database: ControlDatabase) => void): void
}

/**
 * Opens the control database now or later. Until then every call fails with STRANGLER_CONTROL_DATABASE_UNREACHABLE.
 * @param open opens it; may start an embedded server first
 */
export function createControlLink(open: () => Promise<ControlDatabase>, report: ReportError): ControlLink {
  let database: ControlDatabase | undefined
  let opening: Promise<void> | undefined
  let stopped = false
  let retry: NodeJS.Timeout | undefined
  let lastFailure: unknown
  const listeners: ((database: ControlDatabase) => void)[] = []

  async function tryOpen(): Promise<void> {
    try {
      const opened = await open()
      if (stopped) return await opened.stop()
      database = opened
      for (const listener of listeners.splice(0)) listener(opened)
    } catch (error) {
      // The same failure every second tells nothing new.
      if (String(error) !== String(lastFailure)) report('open the control database', error)
      lastFailure = error
      if (stopped) return
      retry = setTimeout(() => {
        opening = tryOpen()
      }, RETRY_MS)
    }
  }

  function opened(): ControlDatabase {
    if (database !== undefined) return database
    if (lastFailure instanceof StranglerError) throw lastFailure
    throw new StranglerError('STRANGLER_CONTROL_DATABASE_UNREACHABLE', 'It has not been opened yet.', {
      cause: lastFailure,
    })
  }

  return {
    ...forwardStores(opened),
    async connect(withinMs) {
      opening ??= tryOpen()
      let timer: NodeJS.Timeout | undefined
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, withinMs)
      })
      await Promise.race([opening, late])
      clearTimeout(timer)
      return database !== undefined
    },
    whenOpen(listener) {
      if (database === undefined) listeners.push(listener)
      else listener(database)
    },
    async stop() {
      stopped = true
      clearTimeout(retry)
      await opening
      await database?.stop()
    },
  }
}

/** Each call asks for the database anew: it may be opened between two. */
function forwardStores(opened: () => ControlDatabase): Omit<ControlLink, 'connect' | 'whenOpen' | 'stop'> {
  return {
    journal: {
      append: async (entry) => opened().journal.append(entry),
      read: async (afterVersion, limit) => opened().journal.read(afterVersion, limit),
      history: async (options) => opened().journal.history(options),
      watch: async (options) => opened().journal.watch(options),
    },
    registrations: {
      register: async (proxy) => opened().registrations.register(proxy),
      report: async (id, progress) => opened().registrations.report(id, progress),
      remove: async (id) => opened().registrations.remove(id),
      list: async () => opened().registrations.list(),
      now: async () => opened().registrations.now(),
    },
    createMarks(longestKeepMs) {
      let marks: MarkStore | undefined
      const present = () => {
        marks ??= opened().createMarks(longestKeepMs)
        return marks
      }
      return {
        open: async (write) => present().open(write),
        close: async (write, through) => present().close(write, through),
        latest: async (client) => present().latest(client),
      }
    },
    comparisons: {
      add: async (batch) => opened().comparisons.add(batch),
      read: async (question) => opened().comparisons.read(question),
      samples: async (question) => opened().comparisons.samples(question),
      sample: async (id) => opened().comparisons.sample(id),
    },
    contracts: {
      learn: async (rows) => opened().contracts.learn(rows),
      learnt: async (capability) => opened().contracts.learnt(capability),
      record: async (contract) => opened().contracts.record(contract),
      recorded: async (capability) => opened().contracts.recorded(capability),
      verified: async (check) => opened().contracts.verified(check),
    },
    cutoverLeases: {
      hold: async (...lease) => opened().cutoverLeases.hold(...lease),
    },
    traffic: {
      add: async (batch) => opened().traffic.add(batch),
      read: async (capability) => opened().traffic.read(capability),
    },
    evidence: {
      keep: async (...finding) => opened().evidence.keep(...finding),
      read: async (capability) => opened().evidence.read(capability),
    },
    readInstallation: async () => opened().readInstallation(),
  }
}

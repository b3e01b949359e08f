import { z } from 'zod'
import { command, line, version } from './contracts.ts'

/** What goes over the admin API about the data sync, both ways. */

export const syncCommand = z.strictObject({ ...command, capability: line(100) })

export const syncInstallation = syncCommand.extend({
  /** Also where a database is another installation's: it is this one's from then on. */
  takeOver: z.boolean().optional(),
})

export const syncUninstallation = syncCommand.extend({
  /** Also while the service owns, with a reason: the way back is closed then. */
  unsafe: z.boolean().optional(),
})

/** For what is no decision and changes nothing that the journal holds. */
export const syncTask = z.strictObject({ capability: line(100) })

const canonicalKey = z
  .string()
  .max(4_096)
  .refine(isKey, { error: 'is not the key of a row, written like ["42"] or ["42","de"]' })

export const explainQuestion = z.strictObject({
  capability: line(100),
  /** Its name in the monolith. */
  table: line(200),
  /** The texts of the key's columns, as a JSON array without spaces. */
  key: canonicalKey,
})

function isKey(text: string): boolean {
  try {
    const key: unknown = JSON.parse(text)
    const isList = Array.isArray(key) && key.length > 0 && key.every((part) => typeof part === 'string')
    return isList && JSON.stringify(key) === text
  } catch {
    // Then it is none.
    return false
  }
}

export const verifyAnswer = z.object({
  /** False when a comparison runs already. */
  started: z.boolean(),
})

export const repairAnswer = z.object({
  repaired: z.number(),
  /** They were the same by now. */
  same: z.number(),
  /** A change has arrived meanwhile, which is the better repair. */
  newer: z.number(),
  refused: z.number(),
  /** The first of those that were refused. */
  errors: z.array(z.object({ table: z.string(), key: z.string(), error: z.string() })),
  /** Found and not repaired yet; refused ones among them. */
  left: z.number(),
})

export const doctorQuestion = z.strictObject({
  /** All of them, when it is left out. */
  capability: line(100).optional(),
})

export const doctorAnswer = z.object({
  capabilities: z.array(
    z.object({
      capability: z.string(),
      tables: z.array(z.string()),
      findings: z.array(
        z.object({
          /** One of docs/reference/doctor.md. */
          code: z.string(),
          severity: z.enum(['blocks', 'warns', 'note']),
          /** Whose database; absent where it is about the configuration. */
          side: z.string().optional(),
          table: z.string().optional(),
          reason: z.string(),
          why: z.string(),
          mend: z.string(),
        }),
      ),
      /** Nothing of it is synced any more, so nothing was looked at. */
      isRetired: z.boolean().optional(),
    }),
  ),
  /** Where no capability has tables: whether something listens at each side, as the process that answers sees it. */
  sides: z.array(z.object({ name: z.string(), host: z.string(), answers: z.boolean() })).optional(),
})

const shownRow = z.record(z.string(), z.string().nullable()).nullable()

export const explainAnswer = z.object({
  table: z.string(),
  key: z.string(),
  verdict: z.string(),
  source: z.object({
    /** By the service's columns; of a value only its length is shown. */
    row: shownRow,
    /** Why the mapping cannot convert it. */
    refusal: z.string().optional(),
    /** Changes that are not acknowledged, newest first. */
    pending: z.array(z.object({ version: z.string(), op: z.string(), ageMs: z.number() })),
  }),
  target: z.object({
    row: shownRow,
    applied: z.object({ epoch: z.number(), version: z.string(), deleted: z.boolean() }).optional(),
    quarantine: z.object({ version: z.string(), error: z.string(), attempts: z.number() }).optional(),
  }),
})

const syncVerification = z.object({
  state: z.enum(['running', 'done', 'failed']),
  error: z.string().optional(),
  startedAt: z.string().optional(),
  tookMs: z.number().optional(),
  compared: z.number().optional(),
  /** Rows that were on their way until the end: not known to be anything. */
  inFlight: z.number().optional(),
  missing: z.number().optional(),
  extra: z.number().optional(),
  different: z.number().optional(),
  /** Of the rows that differ, ten at most: table, key, and which columns. */
  samples: z
    .array(z.object({ table: z.string(), key: z.string(), kind: z.string(), columns: z.array(z.string()) }))
    .optional(),
})

const syncBackfill = z.object({
  state: z.enum(['running', 'done']),
  /** Rows that the target has taken. */
  rows: z.number(),
  /** The table that is being read. */
  table: z.string().optional(),
  refused: z.number(),
  firstRefusal: z.string().optional(),
  chunkRows: z.number(),
  /** Why it waits. */
  throttled: z.string().optional(),
})

export const syncAnswer = z.object({
  version,
  /** False when the control database could not be asked. */
  confirmed: z.boolean(),
  /** The id of this installation, which a service that applies for itself must be told; absent while nobody knows it. */
  installation: z.string().optional(),
  syncs: z.array(
    z.object({
      capability: z.string(),
      tables: z.array(z.string()),
      /** What the journal says. */
      state: z.enum(['not installed', 'running', 'paused']),
      /** While it is paused: the line of the journal that says so. */
      pause: z
        .object({ version: z.number(), at: z.string(), by: z.string(), because: z.string().optional() })
        .optional(),
      epoch: z.number().optional(),
      /** `forward`: monolith → service; `reverse`: service → monolith. */
      direction: z.enum(['forward', 'reverse']).optional(),
      /** The database of this role had lost what it had when the epoch began: only a clean comparison shows that both are the same. */
      lost: z.enum(['source', 'target']).optional(),
      /** Why it does not run as it should, or why `live` is absent. */
      problem: z.string().optional(),
      live: z
        .object({
          /** Whether its ends run in the process that answers; the fields after `quarantine` are there only then. */
          runsHere: z.boolean(),
          /** Age of the oldest change that the other side's database has not got. */
          lagMs: z.number(),
          /** Changes that it has not got. */
          entries: z.number(),
          quarantine: z.array(
            z.object({
              table: z.string(),
              key: z.string(),
              version: z.string(),
              error: z.string(),
              attempts: z.number(),
            }),
          ),
          /** Of what runs there; the journal may be ahead of it for a moment. */
          epoch: z.number().optional(),
          inFlight: z.number().optional(),
          /** Keys that could not be applied and are tried again. */
          waiting: z.number().optional(),
          p99Ms: z.number().optional(),
          /** Changes that the other side has taken, over the last ten seconds; rows of a backfill are none. */
          appliedPerSecond: z.number().optional(),
          throttled: z.string().optional(),
          queue: z.object({ apply: z.number(), backfill: z.number(), results: z.number() }).optional(),
          warnings: z.array(z.string()).optional(),
          /** Rows to copy and to compare, by the database's own guess when the sync began. */
          expectedRows: z.number().optional(),
          backfill: syncBackfill.optional(),
          verify: syncVerification.optional(),
          /** Writes by the side that does not own the table, which its guard has let pass; not carried over. */
          strayWrites: z.array(
            z.object({
              ...{ table: z.string(), count: z.number(), lastAt: z.string(), by: z.array(z.string()) },
              /** The newest, without what was in them: ten at most over all tables. */
              rows: z.array(
                z.object({
                  ...{ key: z.string(), at: z.string(), by: z.string(), columns: z.array(z.string()) },
                  op: z.enum(['insert', 'update', 'delete', 'truncate']),
                }),
              ),
            }),
          ),
          /** Whether every change is still captured. */
          health: z
            .object({
              state: z.enum(['sound', 'broken', 'unknown']),
              /** When the newest whole look was. */
              checkedAt: z.string().optional(),
              problems: z.array(z.string()),
              /** What can go wrong unseen with these databases. */
              unwatched: z.array(z.string()),
            })
            .optional(),
        })
        .optional(),
    }),
  ),
})

export type SyncCommand = z.output<typeof syncCommand>
export type SyncInstallation = z.output<typeof syncInstallation>
export type SyncUninstallation = z.output<typeof syncUninstallation>
export type SyncTask = z.output<typeof syncTask>
export type ExplainQuestion = z.output<typeof explainQuestion>
export type DoctorQuestion = z.output<typeof doctorQuestion>
export type DoctorAnswer = z.output<typeof doctorAnswer>
export type VerifyAnswer = z.output<typeof verifyAnswer>
export type RepairAnswer = z.output<typeof repairAnswer>
export type ExplainAnswer = z.output<typeof explainAnswer>
export type SyncAnswer = z.output<typeof syncAnswer>

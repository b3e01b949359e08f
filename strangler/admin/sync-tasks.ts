import { StranglerError } from '../core/errors.ts'
import type { SyncOrder } from '../core/words.ts'
import { probeSides } from '../infra/probe-side.ts'
import type { Explanation } from '../sync/explain.ts'
import type { SyncControl } from '../sync/sync-control.ts'
import { type AdminContext, findPosition } from './present-state.ts'
import { findSync, notInstalled } from './sync-commands.ts'
import type {
  DoctorAnswer,
  DoctorQuestion,
  ExplainAnswer,
  ExplainQuestion,
  RepairAnswer,
  SyncTask,
  VerifyAnswer,
} from './sync-contracts.ts'

const ERRORS_SHOWN = 20

/** Begins to compare all rows in this process; `GET /api/sync` shows how far it is. */
export async function verifySync(context: AdminContext, { capability }: SyncTask): Promise<VerifyAnswer> {
  const { control, order } = await findInstalled(context, capability)
  return { started: await control.verify(capability, order) }
}

/** Repairs what the newest comparison has found. */
export async function repairSync(context: AdminContext, { capability }: SyncTask): Promise<RepairAnswer> {
  const { control, order } = await findInstalled(context, capability)
  const { verification } = await control.status(capability, order)
  if (verification?.state !== 'done') {
    throw new StranglerError(
      'STRANGLER_SYNC_CONFLICT',
      `The process that was asked has no finished comparison of ${capability}, so it does not know what to repair.`,
      { fix: `\`strangler sync verify ${capability}\` compares all rows.` },
    )
  }
  const { outcomes, left } = await control.repair(capability, order)
  const count = (wanted: string) => outcomes.filter(({ outcome }) => outcome === wanted).length
  const refused = outcomes.filter(({ outcome }) => outcome === 'refused')
  return {
    repaired: count('repaired'),
    same: count('same'),
    newer: count('newer'),
    refused: refused.length,
    errors: refused
      .slice(0, ERRORS_SHOWN)
      .map(({ table, key, error }) => ({ table, key, error: error ?? 'no reason was given' })),
    left,
  }
}

/** What the pre-flight finds; nothing needs to be installed. */
export async function diagnoseSync(
  context: AdminContext,
  { capability }: DoctorQuestion,
): Promise<DoctorAnswer> {
  const [first] = Object.keys(context.config.capabilities)
  const lookAround = () => probeSides(context.config.sides)
  if (first === undefined && capability === undefined) return { capabilities: [], sides: await lookAround() }
  const control = findSync(context, capability ?? first ?? '')
  const found = await control.diagnose(capability)
  // Whoever has mended something and has looked here wants the gates to know it as well.
  for (const one of found) context.guide?.findings.forget(one.capability)
  return {
    capabilities: found.map((one) => ({ ...one, tables: [...one.tables], findings: [...one.findings] })),
    ...(found.some(({ tables }) => tables.length > 0) ? {} : { sides: await lookAround() }),
  }
}

/** Where one row is on its way. Of values only the lengths are told. */
export async function explainSync(
  context: AdminContext,
  { capability, table, key }: ExplainQuestion,
): Promise<ExplainAnswer> {
  const { control, order } = await findInstalled(context, capability)
  const known = context.config.capabilities[capability]?.tables ?? []
  // Either side's name of it, since outputs have the one or the other.
  const own = known.find((entry) => entry.table === table) ?? known.find((entry) => entry.as === table)
  if (own === undefined) {
    throw new StranglerError('STRANGLER_INVALID_COMMAND', `${capability} has no table ${table}.`, {
      fix: `It has ${known.map((entry) => entry.table).join(', ')}.`,
    })
  }
  const { verdict, source, target } = await control.explain(capability, order, { table: own.table, key })
  const { refusal, pending } = source
  const { applied, quarantine } = target
  return {
    ...{ table, key, verdict },
    source: {
      row: hideValues(source.row),
      pending: pending.map((entry) => ({ ...entry })),
      ...(refusal === undefined ? {} : { refusal }),
    },
    target: {
      row: hideValues(target.row),
      ...(applied === undefined ? {} : { applied }),
      ...(quarantine === undefined ? {} : { quarantine }),
    },
  }
}

function hideValues(row: Explanation['source']['row']): Record<string, string | null> | null {
  if (row === null) return null
  const hidden = (value: string | null) => (value === null ? null : `(${value.length} characters)`)
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, hidden(value)]))
}

async function findInstalled(
  context: AdminContext,
  capability: string,
): Promise<{ control: SyncControl; order: SyncOrder }> {
  const control = findSync(context, capability)
  const { state } = await findPosition(context)
  const order = state.syncs?.[capability]
  if (order === undefined) throw notInstalled(state, capability)
  return { control, order }
}

import type { DatabaseRoles } from '../../../strangler/sync/database-pair.ts'
import type { TableRoute } from '../../../strangler/sync/mapping.ts'
import { verify } from '../../../strangler/sync/verify.ts'
import type { Divergence } from '../../../strangler/sync/verify-keys.ts'
import { tamper } from './expected-rows.ts'
import type { NamedCase } from './load-cases.ts'
import type { AppDatabase } from './type-stand.ts'

export interface Compared extends DatabaseRoles {
  readonly routes: readonly TableRoute[]
}

/** What verify finds: row by row, and by sums where both databases are of one dialect. */
export async function compareCases({ source, target, routes }: Compared): Promise<Divergence[]> {
  const found: Divergence[] = []
  const names = routes.map((route) => route.source.table.name)
  for (const copies of [[], names]) {
    await verify({
      ...{ capability: 'types', direction: 'forward', epoch: 1, source, target, routes, copies },
      // What is refused stays in the log, and so on its way.
      patienceMs: 0,
      onDiverged: async (diverged) => void found.push(...diverged),
    })
  }
  return found
}

/** Gives one row of each case another value past the kit, and looks whether verify notices. */
export async function tamperWith(
  compared: Compared,
  to: AppDatabase,
  cases: readonly NamedCase[],
): Promise<Map<string, 'noticed' | 'overlooked' | undefined>> {
  const changes = cases.map((one) => ({ one, change: tamper(one, to.dialect) }))
  for (const { change } of changes) if (change !== undefined) await to.runPast(change.away)
  const tables = new Set((await compareCases(compared)).map(({ table }) => table))
  for (const { change } of changes) if (change !== undefined) await to.runPast(change.back)
  return new Map(
    changes.map(({ one, change }) => [
      one.name,
      change === undefined ? undefined : tables.has(one.table) ? 'noticed' : 'overlooked',
    ]),
  )
}

export function showDivergence({ kind, key, columns, refusal }: Divergence): string {
  return `${kind} ${key} ${JSON.stringify(columns)} ${refusal ?? ''}`
}

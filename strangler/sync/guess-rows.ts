import type { TableShape } from '../core/sync-words.ts'
import type { SyncDatabase } from './database.ts'

/** How many rows some tables have together, by the databases' own guess: for a progress bar, not for a decision. */
export async function guessRows(database: SyncDatabase, tables: readonly TableShape[]): Promise<number> {
  const guesses = await Promise.all(
    tables.map(async (table) => readGuess(await database.query(database.dialect.guessRows(table)))),
  )
  return guesses.reduce((sum, guess) => sum + guess, 0)
}

function readGuess([row]: readonly Record<string, string | null>[]): number {
  if (row?.['guess'] != null) return Number(row['guess'])
  const [text = ''] = Object.values(row ?? {})
  const [plan] = JSON.parse(text || '[]') as { Plan?: { 'Plan Rows'?: number } }[]
  return plan?.Plan?.['Plan Rows'] ?? 0
}

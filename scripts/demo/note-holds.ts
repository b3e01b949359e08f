import type { AdminClient } from '../../strangler/admin/admin-client.ts'

/** A client that writes down how long each hold lasted that its own commands brought, also those that were undone and tried again, in ms. */
export function noteHolds(client: AdminClient): { readonly client: AdminClient; readonly holds: number[] } {
  const holds: number[] = []
  const note = <T extends { heldMs?: number | undefined; undoneMs?: readonly number[] | undefined }>(
    answer: T,
  ): T => {
    if (answer.heldMs !== undefined) holds.push(...(answer.undoneMs ?? []), answer.heldMs)
    return answer
  }
  return {
    holds,
    client: {
      ...client,
      migrateNext: async (order) => note(await client.migrateNext(order)),
      migrateBack: async (order) => note(await client.migrateBack(order)),
    },
  }
}

/**
 * How long a write waited: of those that were held. A hold of a fifth of a second may meet none of a shop this small; then what one would have waited
 * at most, the longest hold.
 * @param held ms, of each write that was held, in any order
 * @returns null where nothing was held at all
 */
export function holdP99(held: readonly number[], holds: readonly number[]): number | null {
  const sorted = [...held].sort((one, other) => one - other)
  const longest = holds.length > 0 ? Math.max(...holds) : null
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? longest
}

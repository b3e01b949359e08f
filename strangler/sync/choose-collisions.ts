/** A key that waits because of another row: its unique value, or what it points to. */
export interface Collision {
  readonly table: string
  readonly key: string
  readonly reason: 'unique' | 'reference'
  readonly dueAt: number
  /** On its way already. */
  readonly isSent: boolean
}

/**
 * Which of them travel together in this turn. All, where they fit; otherwise two groups of them, so that in the course of the turns every group is
 * tried and every two of them meet.
 */
export function chooseCollisions<T extends Collision>(
  all: readonly T[],
  { limit, turn }: { readonly limit: number; readonly turn: number },
): readonly T[] {
  if (all.length <= limit) return all
  const size = Math.floor(limit / 2)
  const groups = Math.ceil(all.length / size)
  const one = turn % groups
  const apart = 1 + (Math.floor(turn / groups) % (groups - 1))
  return [one, (one + apart) % groups].flatMap((group) => all.slice(group * size, (group + 1) * size))
}

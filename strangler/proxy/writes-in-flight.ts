/** A write that ends by itself, or a connection that stays until a hold closes it. */
export type WriteKind = 'passing' | 'lasting'

/** The writes in flight, by capability, and what became of those that were in flight at an announcement. */
export interface WritesInFlight {
  /** Call the returned function once or more often, when it has ended. */
  begin(capability: string, kind: WriteKind): () => void
  hasAny(capability: string): boolean
  /** Takes the announcements of a new table; one that was known before keeps what it has seen. */
  announce(announced: ReadonlyMap<string, string>): void
  /** The announcements of which no write is in flight any more. */
  ended(): string[]
}

interface Announcement {
  readonly id: string
  /** Writes that began before it and have not ended. */
  open: number
  /** Later ones are not its business. */
  readonly upTo: number
}

export interface WriteCountOptions {
  /** A write has begun, or ended. */
  readonly onChange: () => void
  /** The last write from before an announcement has ended. */
  readonly onEnded: () => void
}

export function countWritesInFlight({ onChange, onEnded }: WriteCountOptions): WritesInFlight {
  const counts = new Map<string, Record<WriteKind, number>>()
  const announcements = new Map<string, Announcement>()
  let begun = 0
  const countOf = (capability: string) => {
    const count = counts.get(capability) ?? { passing: 0, lasting: 0 }
    counts.set(capability, count)
    return count
  }
  return {
    begin(capability, kind) {
      begun += 1
      const [count, number] = [countOf(capability), begun]
      count[kind] += 1
      onChange()
      let hasEnded = false
      return () => {
        if (hasEnded) return
        hasEnded = true
        count[kind] -= 1
        const announcement = announcements.get(capability)
        onChange()
        if (announcement === undefined || kind === 'lasting' || number > announcement.upTo) return
        announcement.open -= 1
        if (announcement.open === 0) onEnded()
      }
    },
    hasAny(capability) {
      const { passing, lasting } = countOf(capability)
      return passing + lasting > 0
    },
    announce(announced) {
      for (const capability of announcements.keys())
        if (!announced.has(capability)) announcements.delete(capability)
      for (const [capability, id] of announced) {
        if (announcements.get(capability)?.id === id) continue
        announcements.set(capability, { id, open: countOf(capability).passing, upTo: begun })
      }
    },
    ended: () => [...announcements.values()].filter(({ open }) => open === 0).map(({ id }) => id),
  }
}

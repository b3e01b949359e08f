/** Which client has written when, through this process: moments of its own monotonic clock. Bounded; what does not fit counts for all. */
export interface MarkBook {
  /** A write is on its way: until `end` the client counts as one that has just written. */
  begin(client: string): void
  /** The write, or its answer's headers, were over at `at`. */
  note(client: string, at: number): void
  end(client: string, at: number): void
  /** Everybody counts as one that has written at `at`. */
  noteAll(at: number): void
  /** The latest of a client's writes; `Infinity` while one is on its way, `-Infinity` when there was none. */
  latest(client: string): number
  /** Forgets what happened before `at`. */
  forgetBefore(at: number): void
}

const MOST_CLIENTS = 50_000

/** One for each capability, made when it is first asked for. */
export function createMarkBooks(): (capability: string) => MarkBook {
  const books = new Map<string, MarkBook>()
  return (capability) => {
    const present = books.get(capability)
    if (present !== undefined) return present
    const book = createMarkBook()
    books.set(capability, book)
    return book
  }
}

export function createMarkBook(mostClients = MOST_CLIENTS): MarkBook {
  // In the order of their moments: the first are forgotten first.
  const noted = new Map<string, number>()
  const open = new Map<string, number>()
  let all = Number.NEGATIVE_INFINITY

  function forgetBefore(at: number): void {
    for (const [client, notedAt] of noted) {
      if (notedAt >= at) return
      noted.delete(client)
    }
  }

  return {
    begin(client) {
      open.set(client, (open.get(client) ?? 0) + 1)
    },
    note(client, at) {
      noted.delete(client)
      noted.set(client, at)
      if (noted.size <= mostClients) return
      const [oldest] = noted
      if (oldest === undefined) return
      noted.delete(oldest[0])
      all = Math.max(all, oldest[1])
    },
    end(client, at) {
      const others = (open.get(client) ?? 1) - 1
      if (others === 0) open.delete(client)
      else open.set(client, others)
      this.note(client, at)
    },
    noteAll(at) {
      all = Math.max(all, at)
    },
    latest(client) {
      return open.has(client) ? Number.POSITIVE_INFINITY : Math.max(all, noted.get(client) ?? all)
    },
    forgetBefore,
  }
}

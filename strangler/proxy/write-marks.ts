import { createHash, randomUUID } from 'node:crypto'
import type { LocalPosition, MarkedWrite, MarkStore } from '../core/data-position.ts'
import { createKeyedHash } from '../core/keyed-hash.ts'
import type { Clock, ReportError } from '../core/ports.ts'
import type { TableCapability } from '../routing/compile-table.ts'
import { type DataFreshness, type Decision, isGuarded } from '../routing/decide.ts'
import { findUnit, type RequestIdentity, type Unit } from '../routing/identity.ts'
import { createMarkBooks } from './mark-book.ts'
import { createMarkCookies, markCookieName } from './mark-cookie.ts'
import { guardMarkStore } from './mark-store-guard.ts'
import type { ProxyIdentity } from './request-identity.ts'

/**
 * After so long a mark is not needed: what has still not been applied makes the copy older than `maxStalenessMs`, and nobody reads it.
 */
const KEEP_BEYOND_STALENESS_MS = 5_000

/**
 * Who has written what, so that he reads it back: in this process by its own clock, in a cookie for browsers and in the store for
 * all other clients by W's clock. Released by the sync's position; what cannot be told keeps a client on the owner's side.
 */
export interface WriteMarks extends DataFreshness {
  /**
   * Before a write is forwarded; waits for the store, within its deadline, where the client's mark has to be there. Undefined where
   * nobody can read a copy.
   */
  open(
    capability: TableCapability,
    identity: ProxyIdentity,
    longestMs: number,
  ): Promise<OpenMark> | OpenMark | undefined
  /** Whether a decision rests on a mark that only the store can tell. */
  mustAsk(decision: Decision, identity: RequestIdentity): boolean
  /** Whether the client's writes are applied, as far as the store knows; false when it does not answer in time. */
  ask(capability: TableCapability, identity: RequestIdentity): Promise<boolean>
  /** Every client counts as one that has just written: a mark could not be stored. */
  holdAll(capability: string): void
}

/** The mark of one write in flight. */
export interface OpenMark {
  /** The answer's headers are about to leave. @returns what they must carry as `Set-Cookie`, if anything */
  answer(): string | undefined
  /** Nothing more comes of the write. */
  over(): void
}

export interface WriteMarksOptions {
  readonly position: LocalPosition
  /** Absent where this is the only proxy. */
  readonly store: MarkStore | undefined
  readonly secret: Buffer
  readonly clock: Clock
  /** A write's mark could not be stored: other proxies must hear of it another way. */
  readonly onUnstored: (capability: string) => void
  readonly report: ReportError
}

export function createWriteMarks(options: WriteMarksOptions): WriteMarks {
  const { position, secret, clock, onUnstored, report } = options
  const cookies = createMarkCookies(secret, clock)
  const store = options.store === undefined ? undefined : guardMarkStore(options.store, report)
  const bookOf = createMarkBooks()
  const hashOf = createUnitHash(secret)

  function createMark(capability: TableCapability, identity: ProxyIdentity, unit: Unit): OpenMark {
    const { name } = capability
    const book = bookOf(name)
    const client = clientOf(unit)
    book.forgetBefore(performance.now() - keepMsOf(capability))
    book.begin(client)
    return {
      answer() {
        book.note(client, performance.now())
        if (!identity.keepsCookies) return undefined
        return cookies.write(name, throughNow(position, name), {
          keepMs: keepMsOf(capability),
          secure: identity.isSecure,
        })
      },
      over: () => book.end(client, performance.now()),
    }
  }

  async function openStored(mark: OpenMark, write: MarkedWrite, capability: string): Promise<OpenMark> {
    const isStored = (await store?.open(write)) === true
    return {
      answer() {
        if (!isStored) onUnstored(capability)
        return mark.answer()
      },
      over() {
        mark.over()
        // Nobody waits for it: until it is closed the client stays where the owner is.
        void store?.close(write, throughNow(position, capability))
        if (!isStored) onUnstored(capability)
      },
    }
  }

  return {
    lagMs: position.lagMs,
    open(capability, identity, longestMs) {
      if (!position.isSynced(capability.name)) return undefined
      const unit = findUnit(identity, capability)
      const mark = createMark(capability, identity, unit)
      if (store === undefined || isKeptByClient(unit)) return mark
      const client = hashOf(capability.name, unit)
      const write = { client, id: randomUUID(), keepMs: keepMsOf(capability), longestMs }
      return openStored(mark, write, capability.name)
    },
    hasAppliedWrites(capability, identity) {
      const { name } = capability
      const here = position.appliedThroughHere(name)
      const through = position.appliedThrough(name)
      if (here === undefined || through === undefined) return false
      if (bookOf(name).latest(clientOf(findUnit(identity, capability))) >= here) return false
      const cookie = identity.cookie(markCookieName(name))
      const marked = cookie === undefined ? undefined : cookies.read(name, cookie, keepMsOf(capability))
      return marked === undefined || marked < through
    },
    mustAsk(decision, identity) {
      if (store === undefined || !isGuarded(decision)) return false
      return !isKeptByClient(findUnit(identity, decision.route.capability))
    },
    async ask(capability, identity) {
      const { name } = capability
      const latest = await store?.latest(hashOf(name, findUnit(identity, capability)))
      if (latest === 'unknown') return false
      const through = position.appliedThrough(name)
      return latest === undefined || (through !== undefined && latest < through)
    },
    holdAll: (capability) => bookOf(capability).noteAll(performance.now()),
  }
}

/** The latest that it may be on W's clock; without an end where nobody knows. */
function throughNow(position: LocalPosition, capability: string): number {
  const source = position.sourceNow(capability)
  return source === undefined ? Number.POSITIVE_INFINITY : source.ms + source.errorMs
}

/** A claim or an address is somebody's: the store sees neither. */
function createUnitHash(secret: Buffer): (capability: string, unit: Unit) => string {
  const hash = createKeyedHash(secret)
  return (capability, { source, value }) =>
    hash(`${capability}\n${source}\n${value}`).toString('base64url').slice(0, 22)
}

const LONGEST_PLAIN = 100

/** A client in this process's memory: hashing costs more than the whole decision, so only what is long is hashed. */
function clientOf({ source, value }: Unit): string {
  return value.length <= LONGEST_PLAIN
    ? `${source}\n${value}`
    : createHash('sha256').update(`${source}\n${value}`).digest('base64url')
}

/** For how long a mark may be needed. */
export function keepMsOf({ maxStalenessMs }: { readonly maxStalenessMs: number }): number {
  return maxStalenessMs + KEEP_BEYOND_STALENESS_MS
}

/** It has cookies, and brings its mark with them. */
function isKeptByClient({ source }: Unit): boolean {
  return source === 'cookie' || source === 'kit-cookie'
}

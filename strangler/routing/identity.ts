import type { UnitSource } from '../core/words.ts'
import type { TableCapability } from './compile-table.ts'

/** What a request says of its client. Nothing is parsed before it is asked for. */
export interface RequestIdentity {
  /** The first value of a header; `name` in lower case. */
  header(name: string): string | undefined
  cookie(name: string): string | undefined
  /**
   * A claim of the bearer token, as text. The signature is not checked: it decides where a request goes, never what it may do.
   */
  claim(name: string): string | undefined
  /** The kit's own cookie; for a browser that has none yet, the value it is about to be given. */
  kitCookie(): string | undefined
  readonly address: string
}

/** The client's mark for the sticky canary, and where it was found. */
export interface Unit {
  readonly value: string
  readonly source: UnitSource
}

/** The first mark present: configured header, cookie, claim; the kit's cookie; the address. */
export function findUnit(identity: RequestIdentity, capability: TableCapability): Unit {
  const { header, cookie, claim } = capability.unit
  const fromHeader = header === undefined ? undefined : identity.header(header.toLowerCase())
  if (fromHeader) return { value: fromHeader, source: 'header' }
  const fromCookie = cookie === undefined ? undefined : identity.cookie(cookie)
  if (fromCookie) return { value: fromCookie, source: 'cookie' }
  const fromClaim = claim === undefined ? undefined : identity.claim(claim)
  if (fromClaim) return { value: fromClaim, source: 'claim' }
  const fromKit = identity.kitCookie()
  if (fromKit) return { value: fromKit, source: 'kit-cookie' }
  return { value: identity.address, source: 'address' }
}

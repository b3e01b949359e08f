import { timingSafeEqual } from 'node:crypto'
import { createKeyedHash } from '../core/keyed-hash.ts'
import type { Clock } from '../core/ports.ts'

/**
 * A browser's own mark, one cookie a capability: until when it has written, on W's clock, and when that was said. It only ever keeps
 * its client on the owner's side. Sides never see it.
 */
export interface MarkCookies {
  /** The value for `Set-Cookie`. @param through Infinity when W's clock is not known: then it holds until it expires */
  write(capability: string, through: number, options: { keepMs: number; secure: boolean }): string
  /** The mark in a cookie of ours; undefined for what is forged, for another capability, or expired. */
  read(capability: string, value: string, keepMs: number): number | undefined
}

const PREFIX = 'strangler_wrote_'
/** Proxies may disagree about the time by so much. */
const CLOCK_SKEW_MS = 60_000
const FORM = /^([0-9a-z]{1,12})\.([0-9a-z]{1,12})\.([\w-]{22})$/
const HELD = 'held'

export function markCookieName(capability: string): string {
  return PREFIX + capability
}

/** @param secret shared by all proxies of one control database */
export function createMarkCookies(secret: Buffer, clock: Clock): MarkCookies {
  const hash = createKeyedHash(secret)
  const signatureOf = (text: string) => hash(`wrote ${text}`).toString('base64url').slice(0, 22)
  return {
    write(capability, through, { keepMs, secure }) {
      const said = `${Number.isFinite(through) ? Math.ceil(through).toString(36) : HELD}.${clock().toString(36)}`
      const value = `${said}.${signatureOf(`${capability}.${said}`)}`
      const seconds = Math.ceil(keepMs / 1_000)
      return `${markCookieName(capability)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
    },
    read(capability, value, keepMs) {
      const [, through = '', saidAt = '', signature = ''] = FORM.exec(value) ?? []
      if (signature === '') return undefined
      const expected = signatureOf(`${capability}.${through}.${saidAt}`)
      if (!timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) return undefined
      if (clock() > Number.parseInt(saidAt, 36) + keepMs + CLOCK_SKEW_MS) return undefined
      return through === HELD ? Number.POSITIVE_INFINITY : Number.parseInt(through, 36)
    },
  }
}

/** A `Cookie` header without the kit's marks; undefined when nothing is left. */
export function withoutMarks(header: string): string | undefined {
  if (!header.includes(PREFIX)) return header
  const others = header.split(';').filter((part) => !part.trimStart().startsWith(PREFIX))
  const left = others.join(';').trim()
  return left === '' ? undefined : left
}

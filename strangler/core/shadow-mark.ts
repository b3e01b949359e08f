import { timingSafeEqual } from 'node:crypto'
import { createKeyedHash } from './keyed-hash.ts'
import type { Clock } from './ports.ts'

/** The header of a shadow request. A side that calls the proxy again while it serves one passes it on. */
export const SHADOW_HEADER = 'x-strangler-shadow'

/**
 * The signed mark of a shadow request: a service may trust that what carries it is a copy whose effects nobody wants, and a proxy
 * that it must not be copied again. `id.expiresAt.signature`.
 */
export interface ShadowMarks {
  sign(id: string): string
  isValid(mark: string): boolean
}

// Longer than any shadow is waited for, clocks that differ included.
const VALID_MS = 60_000

/** @param secret shared by the kit and the services that trust its mark */
export function createShadowMarks(secret: Buffer | string, clock: Clock): ShadowMarks {
  const signatureOf = createKeyedHash(secret)
  return {
    sign(id) {
      const text = `${id}.${clock() + VALID_MS}`
      return `${text}.${signatureOf(text).toString('base64url')}`
    },
    isValid(mark) {
      const [, id, expiresAt, signature] = /^([\w-]{1,64})\.(\d{1,16})\.([\w-]{43})$/.exec(mark) ?? []
      if (id === undefined || expiresAt === undefined || signature === undefined) return false
      if (Number(expiresAt) < clock()) return false
      return timingSafeEqual(Buffer.from(signature, 'base64url'), signatureOf(`${id}.${expiresAt}`))
    },
  }
}

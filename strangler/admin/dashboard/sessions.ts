import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../core/ports.ts'
import type { AdminTokens } from '../tokens.ts'

const LASTS_MS = 12 * 3_600_000
const ROLES = ['viewer', 'operator'] as const

export type SessionRole = (typeof ROLES)[number]

export interface Session {
  readonly role: SessionRole
  readonly expiresAt: number
  /** What every command of this session must carry, and no other page can know. */
  readonly csrf: string
}

/**
 * Sessions of browsers, signed instead of stored: they outlive a restart, any replica of the admin API knows them, and a new token
 * ends those of its role.
 */
export interface Sessions {
  /** Two kits on one host share its cookies, whatever their ports; each has a name of its own. */
  readonly cookieName: string
  readonly lastsMs: number
  open(role: SessionRole): { readonly value: string; readonly session: Session }
  /** Undefined for what is forged, too old, or of tokens that are no more. */
  read(value: string): Session | undefined
}

export function createSessions(tokens: AdminTokens, clock: Clock): Sessions {
  const keys = { viewer: deriveKey(tokens.viewer), operator: deriveKey(tokens.operator) }
  const sign = (role: SessionRole, text: string) =>
    createHmac('sha256', keys[role]).update(text).digest('base64url')
  const toSession = (role: SessionRole, expiresAt: number, value: string): Session => ({
    ...{ role, expiresAt },
    csrf: sign(role, `csrf ${value}`),
  })

  return {
    cookieName: `strangler-${createHash('sha256').update(keys.viewer).digest('hex').slice(0, 8)}`,
    lastsMs: LASTS_MS,
    open(role) {
      const expiresAt = clock() + LASTS_MS
      const said = `${role}.${expiresAt}.${randomBytes(16).toString('base64url')}`
      const value = `${said}.${sign(role, said)}`
      return { value, session: toSession(role, expiresAt, value) }
    },
    read(value) {
      const [, said = '', name, expiry, signature = ''] =
        /^((viewer|operator)\.(\d{1,16})\.[\w-]{22})\.([\w-]{43})$/.exec(value) ?? []
      const role = ROLES.find((one) => one === name)
      if (role === undefined || !isEqual(signature, sign(role, said))) return undefined
      const expiresAt = Number(expiry)
      return expiresAt > clock() ? toSession(role, expiresAt, value) : undefined
    },
  }
}

export function isEqual(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}

function deriveKey(token: string): Buffer {
  return Buffer.from(hkdfSync('sha256', token, '', 'strangler dashboard session', 32))
}

import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import { Problem } from './problem.ts'

const ISSUER = 'shop'
const AUDIENCE = 'shop-api'
const FETCH_TIMEOUT_MS = 3_000
const CACHE_MS = 10 * 60_000
/** After a miss the key set is not fetched again for so long, whatever key ids clients send. */
const COOLDOWN_MS = 30_000

export type Role = 'customer' | 'staff' | 'service'

export interface SignedInUser {
  readonly id: string
  readonly email: string
  readonly role: Role
}

export interface TokenVerifier {
  /** Rejects with jose's error when the token is no good, with a Problem (503) when the key set cannot be had. */
  verify(token: string): Promise<SignedInUser>
}

/** Verifies the shop's tokens with the key set that the shop publishes, fetched when first needed and kept. */
export function createTokenVerifier(jwksUrl: string): TokenVerifier {
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cacheMaxAge: CACHE_MS,
    cooldownDuration: COOLDOWN_MS,
  })
  return {
    async verify(token) {
      const { payload } = await jwtVerify(token, keys, { issuer: ISSUER, audience: AUDIENCE }).catch(explain)
      return { id: String(payload.sub), email: String(payload.email), role: payload.role as Role }
    },
  }
}

/** A token is refused for what it is, not because its issuer was away. */
function explain(error: unknown): never {
  const aboutToken =
    error instanceof errors.JOSEError &&
    error.code !== 'ERR_JOSE_GENERIC' &&
    error.code !== 'ERR_JWKS_TIMEOUT'
  if (aboutToken) throw error
  throw new Problem(503, 'sign_in_unavailable', 'The key set that tokens are checked with cannot be reached.')
}

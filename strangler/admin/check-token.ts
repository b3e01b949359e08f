import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Request, Response } from 'express'
import { StranglerError } from '../core/errors.ts'
import type { Clock } from '../core/ports.ts'
import { createAttemptLimiter } from './attempt-limiter.ts'
import type { Role } from './authenticate.ts'
import type { AdminTokens } from './tokens.ts'

export interface TokenCheckOptions {
  readonly tokens: AdminTokens
  readonly clock: Clock
  /** Told of every failed sign-in; never of the token. */
  readonly onFailure: (address: string) => void
}

/**
 * Whose token it is. Wrong ones are counted by the address they come from, whichever door they were tried at.
 * @throws StranglerError STRANGLER_UNAUTHORIZED, STRANGLER_TOO_MANY_ATTEMPTS
 */
export type CheckToken = (token: string | undefined, req: Request, res: Response) => Role

export function createTokenCheck({ tokens, clock, onFailure }: TokenCheckOptions): CheckToken {
  const findRole = createRoleFinder(tokens)
  const limiter = createAttemptLimiter(clock)

  return (token, req, res) => {
    const address = req.socket.remoteAddress ?? 'unknown'
    // The right token is always good: else anybody at an operator's address, or behind the same front, could bar the way back.
    const role = token === undefined ? undefined : findRole(token)
    if (role !== undefined) return role
    const waitMs = limiter.waitMs(address)
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1_000)
      res.setHeader('retry-after', String(seconds))
      throw tooManyAttempts(seconds)
    }
    if (token === undefined) throw unauthorized('The request carries no bearer token.')
    limiter.countFailure(address)
    onFailure(address)
    throw unauthorized('The token is not one of this kit’s.')
  }
}

// Both sides are hashed, so that lengths are equal and the time tells nothing; every token is compared, for the same reason.
function createRoleFinder(tokens: AdminTokens): (token: string) => Role | undefined {
  const operator = digest(tokens.operator)
  const viewer = digest(tokens.viewer)
  // Without one nobody is a worker: 32 random bytes are the digest of no token.
  const worker = tokens.worker === undefined ? randomBytes(32) : digest(tokens.worker)
  return (token) => {
    const given = digest(token)
    const isOperator = timingSafeEqual(given, operator)
    const isViewer = timingSafeEqual(given, viewer)
    const isWorker = timingSafeEqual(given, worker)
    if (isOperator) return 'operator'
    if (isViewer) return 'viewer'
    return isWorker ? 'worker' : undefined
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function unauthorized(found: string): StranglerError {
  return new StranglerError('STRANGLER_UNAUTHORIZED', found, {
    fix: 'Set STRANGLER_TOKEN to the token in `.strangler/tokens.json` of the machine that runs `strangler start`.',
  })
}

function tooManyAttempts(seconds: number): StranglerError {
  return new StranglerError('STRANGLER_TOO_MANY_ATTEMPTS', 'This address has sent too many wrong tokens.', {
    fix: `Wait ${seconds} s, then use the right token.`,
  })
}

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Request, RequestHandler, Response } from 'express'
import { StranglerError } from '../core/errors.ts'
import type { Clock } from '../core/ports.ts'
import { createAttemptLimiter } from './attempt-limiter.ts'
import type { AdminTokens } from './tokens.ts'

export type Role = 'viewer' | 'operator' | 'worker'

export interface AuthenticateOptions {
  readonly tokens: AdminTokens
  readonly clock: Clock
  /** Told of every failed sign-in; never of the token. */
  readonly onFailure: (address: string) => void
}

/** Lets a request through whose bearer token has one of the roles; an operator may do what anybody may. */
export type RequireRole = (...roles: readonly Role[]) => RequestHandler

export function createAuthentication({ tokens, clock, onFailure }: AuthenticateOptions): RequireRole {
  const findRole = createRoleFinder(tokens)
  const limiter = createAttemptLimiter(clock)

  function authenticate(req: Request, res: Response): Role {
    const address = req.socket.remoteAddress ?? 'unknown'
    // The right token is always good: else anybody at an operator's address, or behind the same front, could bar the way back.
    const token = readBearer(req)
    const role = token === undefined ? undefined : findRole(token)
    if (role !== undefined) return role
    const waitMs = limiter.waitMs(address)
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1_000)
      res.setHeader('retry-after', String(seconds))
      throw tooManyAttempts(seconds)
    }
    if (token === undefined) throw unauthorized(res, 'The request carries no bearer token.')
    limiter.countFailure(address)
    onFailure(address)
    throw unauthorized(res, 'The bearer token is not one of this kit’s.')
  }

  return (...roles) =>
    (req, res, next) => {
      const role = authenticate(req, res)
      if (role !== 'operator' && !roles.includes(role)) {
        const [needed = 'operator'] = roles
        throw new StranglerError('STRANGLER_FORBIDDEN', `This needs the ${needed} token.`, {
          fix: `Use the ${needed} token (STRANGLER_TOKEN, or \`${needed}\` in tokens.json).`,
        })
      }
      res.locals['role'] = role
      next()
    }
}

export function roleOf(res: Response): Role {
  return res.locals['role'] as Role
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

function readBearer(req: Request): string | undefined {
  return /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1]
}

function unauthorized(res: Response, found: string): StranglerError {
  res.setHeader('www-authenticate', 'Bearer realm="strangler"')
  return new StranglerError('STRANGLER_UNAUTHORIZED', found, {
    fix: 'Set STRANGLER_TOKEN to the token in `.strangler/tokens.json` of the machine that runs `strangler start`.',
  })
}

function tooManyAttempts(seconds: number): StranglerError {
  return new StranglerError('STRANGLER_TOO_MANY_ATTEMPTS', 'This address has sent too many wrong tokens.', {
    fix: `Wait ${seconds} s, then use the right token.`,
  })
}

import type { Request, RequestHandler, Response } from 'express'
import { StranglerError } from '../core/errors.ts'
import type { CheckToken } from './check-token.ts'

export type Role = 'viewer' | 'operator' | 'worker'

/** Lets a request through whose sender has one of the roles; an operator may do what anybody may. */
export type RequireRole = (...roles: readonly Role[]) => RequestHandler

/** The door of programs: a bearer token, and nothing that a browser would send by itself. */
export function createAuthentication(checkToken: CheckToken): RequireRole {
  return demandRole((req, res) => {
    // Taken back below, when the token was right: an error handler does not know what this door asks for.
    res.setHeader('www-authenticate', 'Bearer realm="strangler"')
    const role = checkToken(readBearer(req), req, res)
    res.removeHeader('www-authenticate')
    return role
  })
}

/** @param findRole throws what refuses the request */
export function demandRole(findRole: (req: Request, res: Response) => Role): RequireRole {
  return (...roles) =>
    (req, res, next) => {
      const role = findRole(req, res)
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

function readBearer(req: Request): string | undefined {
  return /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1]
}

import type { Request, RequestHandler, Response } from 'express'
import { StranglerError } from '../../core/errors.ts'
import { demandRole, type RequireRole } from '../authenticate.ts'
import { isEqual, type Session, type Sessions } from './sessions.ts'

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

/**
 * Another port of this host is the same *site*, so SameSite does not keep its pages out: a shop behind the proxy at 127.0.0.1 is one.
 * Browsers say which *origin* asks; what says nothing is no browser, and may at most look.
 */
export const refuseOtherOrigins: RequestHandler = (req, _res, next) => {
  if (isOwnOrigin(req)) return next()
  throw new StranglerError('STRANGLER_CROSS_SITE', 'The request comes from a page of another origin.', {
    fix: 'Use the dashboard itself; programs use /api with a bearer token.',
  })
}

function isOwnOrigin({ method, headers }: Request): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || (site === 'none' && SAFE_METHODS.includes(method))
  const { origin, host } = headers
  if (origin === undefined) return SAFE_METHODS.includes(method)
  return URL.canParse(origin) && new URL(origin).host === host
}

/** The door of the dashboard: its cookie, and for all that changes something the word that only its own page has been told. */
export function createSessionGuard(sessions: Sessions): RequireRole {
  return demandRole((req, res) => {
    const session = findSession(sessions, req)
    if (session === undefined) {
      throw new StranglerError('STRANGLER_UNAUTHORIZED', 'Nobody is signed in here, or no longer.', {
        fix: 'Sign in again with a token.',
      })
    }
    const word = req.headers['x-strangler-csrf']
    if (!SAFE_METHODS.includes(req.method) && !(typeof word === 'string' && isEqual(word, session.csrf))) {
      throw new StranglerError('STRANGLER_CROSS_SITE', 'The command lacks the word of its session.', {
        fix: 'Load the dashboard again.',
      })
    }
    res.locals['session'] = session
    return session.role
  })
}

export function sessionOf(res: Response): Session {
  return res.locals['session'] as Session
}

function findSession({ cookieName, read }: Sessions, req: Request): Session | undefined {
  for (const part of (req.headers.cookie ?? '').split(';')) {
    const [name, value = ''] = part.trim().split('=')
    // A page on another port may have set one of the same name: the right one counts, wherever it stands.
    const session = name === cookieName ? read(value) : undefined
    if (session !== undefined) return session
  }
  return undefined
}

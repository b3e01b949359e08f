import { type RequestHandler, type Response, Router } from 'express'
import { z } from 'zod'
import { StranglerError } from '../../core/errors.ts'
import { answerWith } from '../answer-with.ts'
import type { RequireRole, Role } from '../authenticate.ts'
import type { CheckToken } from '../check-token.ts'
import { DASHBOARD_PATH } from './dashboard-path.ts'
import { sessionOf } from './guard-session.ts'
import type { Session, Sessions } from './sessions.ts'

export interface SessionApiOptions {
  readonly sessions: Sessions
  readonly checkToken: CheckToken
  readonly requireRole: RequireRole
  readonly readBody: readonly RequestHandler[]
}

const signInCommand = z.strictObject({ token: z.string().min(1).max(1_024) })

/** Signing in and out, and who one is. */
export function createSessionApi({ sessions, checkToken, requireRole, readBody }: SessionApiOptions): Router {
  const api = Router({ caseSensitive: true, strict: true })

  api.get(
    '/session',
    requireRole('viewer'),
    answerWith(async (_req, res) => describe(sessionOf(res))),
  )
  api.post(
    '/session',
    ...readBody,
    answerWith(async (req, res) => {
      const { token } = signInCommand.parse(req.body)
      const role = readRole(() => checkToken(token, req, res))
      if (role === 'worker') {
        throw new StranglerError('STRANGLER_FORBIDDEN', 'The worker token opens no dashboard.', {
          fix: 'Sign in with the viewer or the operator token.',
        })
      }
      const { value, session } = sessions.open(role)
      const isSecure = req.headers['x-forwarded-proto'] === 'https'
      setCookie(res, `${sessions.cookieName}=${value}; Max-Age=${sessions.lastsMs / 1_000}`, isSecure)
      return describe(session)
    }),
  )
  api.delete(
    '/session',
    requireRole('viewer'),
    answerWith(async (_req, res) => {
      setCookie(res, `${sessions.cookieName}=; Max-Age=0`)
      return { signedOut: true }
    }),
  )
  return api
}

/** Whoever sits at a browser has no STRANGLER_TOKEN to set. */
function readRole(check: () => Role): Role {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof StranglerError) || error.code !== 'STRANGLER_UNAUTHORIZED') throw error
    throw new StranglerError(error.code, error.message, {
      fix: 'Copy `operator`, or `viewer` to look only, from `tokens.json` in the kit’s directory (`.strangler` unless the configuration names another one) on the machine that runs the kit. Where it was started with STRANGLER_OPERATOR_TOKEN or STRANGLER_VIEWER_TOKEN, those are the tokens.',
      cause: error,
    })
  }
}

// Its path keeps it from whatever else listens on this host: a browser sends cookies to every port.
function setCookie(res: Response, cookie: string, isSecure = false): void {
  const secure = isSecure ? '; Secure' : ''
  res.setHeader('set-cookie', `${cookie}; Path=${DASHBOARD_PATH}; HttpOnly; SameSite=Strict${secure}`)
}

function describe({ role, csrf, expiresAt }: Session) {
  return { role, csrf, expiresAt: new Date(expiresAt).toISOString() }
}

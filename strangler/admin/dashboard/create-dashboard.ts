import path from 'node:path'
import express, { type Router } from 'express'
import type { Clock } from '../../core/ports.ts'
import { type AdminApiOptions, createAdminApi } from '../admin-api.ts'
import type { CheckToken } from '../check-token.ts'
import { requireJson } from '../guard-request.ts'
import type { LiveHub } from '../live/live-hub.ts'
import type { AdminTokens } from '../tokens.ts'
import { createSessionGuard, refuseOtherOrigins, sessionOf } from './guard-session.ts'
import { serveBuilt } from './serve-built.ts'
import { createSessionApi } from './session-api.ts'
import { createSessions } from './sessions.ts'

/** Where Vite puts it; the package has it at the same place. */
const BUILT = path.join(import.meta.dirname, '../../dashboard/dist')
const SIGN_IN_LIMIT_BYTES = 4 * 1_024

export interface DashboardOptions {
  readonly tokens: AdminTokens
  readonly clock: Clock
  readonly checkToken: CheckToken
  readonly live: LiveHub
  readonly api: Omit<AdminApiOptions, 'requireRole'>
}

/**
 * The dashboard's files, and the admin API once more under `/dashboard/api`: there the cookie opens it, at `/api` a bearer token does, and
 * neither opens the other.
 */
export function createDashboard({ tokens, clock, checkToken, live, api }: DashboardOptions): Router {
  const dashboard = express.Router({ caseSensitive: true, strict: true })
  const sessions = createSessions(tokens, clock)
  const requireRole = createSessionGuard(sessions)
  const readBody = [requireJson, express.json({ limit: SIGN_IN_LIMIT_BYTES, inflate: false })]

  dashboard.use('/api', refuseOtherOrigins)
  dashboard.use('/api', createSessionApi({ sessions, checkToken, requireRole, readBody }))
  dashboard.get('/api/live', requireRole('viewer'), (req, res) => {
    live.join(req, res, sessionOf(res).expiresAt)
  })
  dashboard.use('/api', createAdminApi({ ...api, requireRole }))
  dashboard.use('/api', (_req, _res, next) => next('router'))
  dashboard.use(serveBuilt(BUILT))
  return dashboard
}

import express, { type RequestHandler, type Response, type Router } from 'express'
import type { z } from 'zod'
import { answerWhy } from './answer-why.ts'
import { answerWith } from './answer-with.ts'
import { type RequireRole, roleOf } from './authenticate.ts'
import { addCompareApi } from './compare-api.ts'
import type { CommandAnswer } from './contracts.ts'
import * as contract from './contracts.ts'
import { cutOver, rehearseCutover } from './cutover-commands.ts'
import * as cutoverContract from './cutover-contracts.ts'
import { describeChange } from './describe-change.ts'
import { assess } from './gather-assessment.ts'
import { requireJson } from './guard-request.ts'
import { addGuideApi } from './guide/guide-api.ts'
import { endHold, fenceHold, listHolds, startHold } from './hold-commands.ts'
import { listRoutes } from './list-routes.ts'
import { listSyncs } from './list-syncs.ts'
import { type AdminContext, type Author, findPosition } from './present-state.ts'
import { evictProxy, listProxies } from './proxy-commands.ts'
import { clearRoute, setRoute } from './route-commands.ts'
import { backfillSync, installSync, pauseSync, uninstallSync } from './sync-commands.ts'
import * as syncContract from './sync-contracts.ts'
import { diagnoseSync, explainSync, repairSync, verifySync } from './sync-tasks.ts'

const BODY_LIMIT_BYTES = 64 * 1_024

export interface AdminApiOptions {
  readonly context: AdminContext
  readonly requireRole: RequireRole
  /** Told of every decision that was journalled. */
  readonly onDecision: (answer: CommandAnswer) => void
}

/** Everything under `/api`: questions for viewers, commands for operators. The token is checked before a body is read. */
export function createAdminApi({ context, requireRole, onDecision }: AdminApiOptions): Router {
  const api = express.Router({ caseSensitive: true, strict: true })
  const readBody = [requireJson, express.json({ limit: BODY_LIMIT_BYTES, inflate: false })]

  const question = (path: string, answer: (query: unknown) => Promise<unknown>) => {
    api.get(
      path,
      requireRole('viewer'),
      answerWith((req) => answer(req.query)),
    )
  }
  const command: AddCommand = (path, schema, run) => {
    const answer = async (body: unknown, res: Response) => {
      const parsed = schema.parse(body)
      const { as, because } = parsed
      const work = () => run(context, parsed, { role: roleOf(res), as, because })
      const done = await (context.traceCommand?.(path, work) ?? work())
      if (done.changed) onDecision(done)
      return done
    }
    api.post(
      path,
      requireRole('operator'),
      ...readBody,
      answerWith((req, res) => answer(req.body, res)),
    )
  }

  question('/routes', () => listRoutes(context))
  question('/history', async (query) => {
    const { limit, before, kind, text } = contract.historyQuestion.parse(query)
    const entries = await context.journal.history({
      limit,
      ...(before === undefined ? {} : { beforeVersion: before }),
      ...(kind === undefined ? {} : { kind }),
      ...(text === undefined ? {} : { text }),
    })
    return { entries }
  })
  question('/history/change', (query) =>
    describeChange(context, contract.changeQuestion.parse(query).version),
  )
  question('/proxies', () => listProxies(context))
  question('/holds', () => listHolds(context))
  question('/sync', () => listSyncs(context))
  question('/assess', () => assess(context))
  const why = async (body: unknown) =>
    answerWhy((await findPosition(context)).table, contract.whyQuestion.parse(body), context.dataPosition)
  // A question too, but a described request does not fit into a URL.
  api.post(
    '/routes/why',
    requireRole('viewer'),
    ...readBody,
    answerWith((req) => why(req.body)),
  )

  command('/routes/set', contract.setRouteCommand, setRoute)
  command('/routes/clear', contract.clearRouteCommand, clearRoute)
  command('/proxies/evict', contract.evictProxyCommand, evictProxy)
  addHoldCommands(command)
  addSyncCommands(command)
  addSyncTasks(api, { context, requireRole, readBody })
  addGuideApi(api, { context, question, command, requireRole, readBody })
  addCompareApi(api, { context, question, command, requireRole, readBody })
  addCutover(api, { context, requireRole, readBody })
  return api
}

function addHoldCommands(command: AddCommand): void {
  command('/holds/start', contract.startHoldCommand, startHold)
  command('/holds/fence', contract.changeHoldCommand, fenceHold)
  command('/holds/release', contract.changeHoldCommand, (context, parsed, author) =>
    endHold(context, { ...parsed, kind: 'hold.released' }, author),
  )
  command('/holds/abort', contract.changeHoldCommand, (context, parsed, author) =>
    endHold(context, { ...parsed, kind: 'hold.aborted' }, author),
  )
}

function addSyncCommands(command: AddCommand): void {
  command('/sync/install', syncContract.syncInstallation, installSync)
  command('/sync/backfill', syncContract.syncCommand, backfillSync)
  command('/sync/pause', syncContract.syncCommand, (context, parsed, author) =>
    pauseSync(context, { ...parsed, kind: 'sync.paused' }, author),
  )
  command('/sync/resume', syncContract.syncCommand, (context, parsed, author) =>
    pauseSync(context, { ...parsed, kind: 'sync.resumed' }, author),
  )
  command('/sync/uninstall', syncContract.syncUninstallation, uninstallSync)
}

interface TaskBasis extends Pick<AdminApiOptions, 'context' | 'requireRole'> {
  readonly readBody: RequestHandler[]
}

function addSyncTasks(api: Router, { context, requireRole, readBody }: TaskBasis): void {
  // No decisions: the journal does not hold them.
  api.post(
    '/sync/verify',
    requireRole('operator'),
    ...readBody,
    answerWith((req) => verifySync(context, syncContract.syncTask.parse(req.body))),
  )
  api.post(
    '/sync/repair',
    requireRole('operator'),
    ...readBody,
    answerWith((req) => repairSync(context, syncContract.syncTask.parse(req.body))),
  )
  api.post(
    '/sync/doctor',
    requireRole('viewer'),
    ...readBody,
    answerWith((req) => diagnoseSync(context, syncContract.doctorQuestion.parse(req.body))),
  )
  api.post(
    '/sync/explain',
    requireRole('viewer'),
    ...readBody,
    answerWith((req) => explainSync(context, syncContract.explainQuestion.parse(req.body))),
  )
}

/** Its decisions are several lines of the journal, so it answers with what became of them. */
function addCutover(api: Router, { context, requireRole, readBody }: TaskBasis): void {
  api.post(
    '/cutover/rehearse',
    // No decision, but it writes to both databases, although nobody sees it, and gates rely on it.
    requireRole('operator'),
    ...readBody,
    answerWith((req) => rehearseCutover(context, cutoverContract.cutoverQuestion.parse(req.body))),
  )
  api.post(
    '/cutover',
    requireRole('operator'),
    ...readBody,
    answerWith((req, res) => {
      const parsed = cutoverContract.cutoverCommand.parse(req.body)
      const { as, because } = parsed
      return cutOver(context, parsed, { role: roleOf(res), as, because })
    }),
  )
}

export type AddCommand = <S extends CommandSchema>(
  path: string,
  schema: S,
  run: RunCommand<z.output<S>>,
) => void
type CommandSchema = z.ZodType<{ as?: string | undefined; because?: string | undefined }>
type RunCommand<C> = (context: AdminContext, command: C, author: Author) => Promise<CommandAnswer>

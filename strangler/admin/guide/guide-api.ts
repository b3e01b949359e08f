import type { RequestHandler, Router } from 'express'
import type { AddCommand } from '../admin-api.ts'
import { answerWith } from '../answer-with.ts'
import type { RequireRole } from '../authenticate.ts'
import type { AdminContext } from '../present-state.ts'
import { switchAutopilot } from './autopilot-command.ts'
import { goBack } from './back-command.ts'
import { describeGuide } from './describe-guide.ts'
import * as contract from './migrate-contracts.ts'
import { markRare } from './rare-command.ts'
import { rehearseRetirement, retireCapability } from './retire-command.ts'
import { takeNext } from './step-commands.ts'

export interface GuideApiParts {
  readonly context: AdminContext
  readonly question: (path: string, answer: (query: unknown) => Promise<unknown>) => void
  readonly command: AddCommand
  readonly requireRole: RequireRole
  readonly readBody: RequestHandler[]
}

/** `/guide` and `/migrate`: where a capability is, and its steps there and back. */
export function addGuideApi(
  api: Router,
  { context, question, command, requireRole, readBody }: GuideApiParts,
): void {
  question('/guide', (query) => describeGuide(context, contract.guideQuestion.parse(query)))
  command('/guide/rare', contract.rareCommand, markRare)
  command('/migrate/next', contract.nextCommand, takeNext)
  command('/migrate/auto', contract.autoCommand, switchAutopilot)
  command('/migrate/back', contract.backCommand, goBack)
  command('/migrate/retire', contract.retireCommand, retireCapability)
  // A question, since it changes nothing.
  api.post(
    '/migrate/retire/rehearse',
    requireRole('viewer'),
    ...readBody,
    answerWith((req) => rehearseRetirement(context, contract.retireQuestion.parse(req.body).capability)),
  )
}

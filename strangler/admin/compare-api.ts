import type { RequestHandler, Router } from 'express'
import type { AddCommand } from './admin-api.ts'
import { answerWith } from './answer-with.ts'
import type { RequireRole } from './authenticate.ts'
import { acceptDifference, deployBuild, rejectDifference } from './compare-commands.ts'
import * as contract from './compare-contracts.ts'
import {
  exportTest,
  listRules,
  listSamples,
  replaySample,
  reportComparisons,
  showSample,
} from './compare-questions.ts'
import { contractQuestion, recordTask, verifiedTask } from './contract-shapes.ts'
import { keepVerified, recordContract, showContract } from './contract-tasks.ts'
import type { AdminContext } from './present-state.ts'

interface ApiParts {
  readonly context: AdminContext
  readonly question: (path: string, answer: (query: unknown) => Promise<unknown>) => void
  readonly command: AddCommand
  readonly requireRole: RequireRole
  readonly readBody: RequestHandler[]
}

/** Everything under `/api/compare` and `/api/contract`. */
export function addCompareApi(
  api: Router,
  { context, question, command, requireRole, readBody }: ApiParts,
): void {
  question('/compare/report', (query) => reportComparisons(context, contract.reportQuestion.parse(query)))
  question('/compare/samples', (query) => listSamples(context, contract.samplesQuestion.parse(query)))
  question('/compare/sample', (query) => showSample(context, contract.sampleQuestion.parse(query).id))
  question('/compare/export', (query) => exportTest(context, contract.sampleQuestion.parse(query).id))
  question('/compare/rules', () => listRules(context))
  // No decision, but it asks the sides.
  api.post(
    '/compare/replay',
    requireRole('operator'),
    ...readBody,
    answerWith((req) => replaySample(context, contract.replayTask.parse(req.body))),
  )
  question('/contract', (query) => showContract(context, contractQuestion.parse(query).capability))
  // Neither is a decision, but the guide relies on both.
  api.post(
    '/contract/record',
    requireRole('operator'),
    ...readBody,
    answerWith((req) => recordContract(context, recordTask.parse(req.body).capability)),
  )
  api.post(
    '/contract/verified',
    requireRole('operator'),
    ...readBody,
    answerWith((req) => keepVerified(context, verifiedTask.parse(req.body))),
  )
  command('/compare/accept', contract.acceptCommand, acceptDifference)
  command('/compare/reject', contract.rejectCommand, rejectDifference)
  command('/deploys', contract.deployCommand, deployBuild)
}

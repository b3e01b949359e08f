import type { z } from 'zod'
import { assessAnswer } from './assess-contracts.ts'
import * as compare from './compare-contracts.ts'
import * as contracts from './contract-shapes.ts'
import * as contract from './contracts.ts'
import * as cutover from './cutover-contracts.ts'
import * as guide from './guide/migrate-contracts.ts'
import * as sync from './sync-contracts.ts'

export interface AdminExchange {
  /** What goes in: a body, or the query of a GET. */
  readonly asks?: z.ZodType
  readonly answers: z.ZodType
}

const COMMAND = { answers: contract.commandAnswer }

/** What goes in and comes out at each address under /api. */
export const ADMIN_EXCHANGES: Readonly<Record<string, AdminExchange>> = {
  'GET /api/routes': { answers: contract.routesAnswer },
  'POST /api/routes/why': { asks: contract.whyQuestion, answers: contract.whyAnswer },
  'GET /api/history': { asks: contract.historyQuestion, answers: contract.historyAnswer },
  'GET /api/history/change': { asks: contract.changeQuestion, answers: contract.changeAnswer },
  'GET /api/proxies': { answers: contract.proxiesAnswer },
  'GET /api/holds': { answers: contract.holdsAnswer },
  'GET /api/sync': { answers: sync.syncAnswer },
  'POST /api/routes/set': { asks: contract.setRouteCommand, ...COMMAND },
  'POST /api/routes/clear': { asks: contract.clearRouteCommand, ...COMMAND },
  'POST /api/proxies/evict': { asks: contract.evictProxyCommand, ...COMMAND },
  'POST /api/holds/start': { asks: contract.startHoldCommand, ...COMMAND },
  'POST /api/holds/fence': { asks: contract.changeHoldCommand, ...COMMAND },
  'POST /api/holds/release': { asks: contract.changeHoldCommand, ...COMMAND },
  'POST /api/holds/abort': { asks: contract.changeHoldCommand, ...COMMAND },
  'POST /api/sync/install': { asks: sync.syncCommand, ...COMMAND },
  'POST /api/sync/backfill': { asks: sync.syncCommand, ...COMMAND },
  'POST /api/sync/pause': { asks: sync.syncCommand, ...COMMAND },
  'POST /api/sync/resume': { asks: sync.syncCommand, ...COMMAND },
  'POST /api/sync/uninstall': { asks: sync.syncUninstallation, ...COMMAND },
  'POST /api/sync/verify': { asks: sync.syncTask, answers: sync.verifyAnswer },
  'POST /api/sync/repair': { asks: sync.syncTask, answers: sync.repairAnswer },
  'POST /api/sync/doctor': { asks: sync.doctorQuestion, answers: sync.doctorAnswer },
  'POST /api/sync/explain': { asks: sync.explainQuestion, answers: sync.explainAnswer },
  'GET /api/compare/report': { asks: compare.reportQuestion, answers: compare.reportAnswer },
  'GET /api/compare/samples': { asks: compare.samplesQuestion, answers: compare.samplesAnswer },
  'GET /api/compare/sample': { asks: compare.sampleQuestion, answers: compare.sampleAnswer },
  'GET /api/compare/export': { asks: compare.sampleQuestion, answers: compare.exportAnswer },
  'GET /api/compare/rules': { answers: compare.rulesAnswer },
  'POST /api/compare/replay': { asks: compare.replayTask, answers: compare.replayAnswer },
  'POST /api/compare/accept': { asks: compare.acceptCommand, ...COMMAND },
  'POST /api/compare/reject': { asks: compare.rejectCommand, ...COMMAND },
  'GET /api/assess': { answers: assessAnswer },
  'GET /api/guide': { asks: guide.guideQuestion, answers: guide.guideAnswer },
  'POST /api/guide/rare': { asks: guide.rareCommand, ...COMMAND },
  'POST /api/migrate/next': { asks: guide.nextCommand, answers: guide.stepAnswer },
  'POST /api/migrate/auto': { asks: guide.autoCommand, ...COMMAND },
  'POST /api/migrate/back': { asks: guide.backCommand, answers: guide.stepAnswer },
  'POST /api/migrate/retire': { asks: guide.retireCommand, answers: guide.stepAnswer },
  'POST /api/migrate/retire/rehearse': { asks: guide.retireQuestion, answers: guide.retireRehearsal },
  'GET /api/contract': { asks: contracts.contractQuestion, answers: contracts.contractAnswer },
  'POST /api/contract/record': { asks: contracts.recordTask, answers: contracts.contractAnswer },
  'POST /api/contract/verified': { asks: contracts.verifiedTask, answers: contracts.verifiedAnswer },
  'POST /api/deploys': { asks: compare.deployCommand, ...COMMAND },
  'POST /api/cutover/rehearse': { asks: cutover.cutoverQuestion, answers: cutover.rehearsalAnswer },
  'POST /api/cutover': { asks: cutover.cutoverCommand, answers: cutover.cutoverAnswer },
}

import type { Dialect } from '../../dialect.ts'
import { readActivity, readSessions } from './activity.ts'
import { beginApply, beginTrial, claim, deleteRows, endTrial, truncate, upsert } from './apply.ts'
import { captureDown, captureUp, forgetChanges, logUp } from './capture.ts'
import { listTables } from './catalogue.ts'
import { raiseToken, whileStanding } from './fencing.ts'
import { forgetCapability } from './forget-capability.ts'
import { guard } from './guards.ts'
import { readIdentities, setIdentity } from './identity.ts'
import { askChanges, intake } from './intake.ts'
import { introspect } from './introspect.ts'
import { quoteText, schemaUp } from './names.ts'
import {
  deleteAcknowledged,
  guessRows,
  readKeys,
  readLag,
  readPending,
  readRange,
  readWaiting,
} from './read.ts'
import { reads } from './reads.ts'
import { endApply, readReferenced, resumeReferences, suspendReferences } from './references.ts'
import { readServer } from './server.ts'
import { session } from './session.ts'
import { sums } from './sums.ts'
import { survey } from './survey.ts'
import { targetDown, targetUp } from './target-state.ts'
import { watch } from './watch.ts'
import { readCoupled, readWriters, tellsCoupled } from './writers.ts'

/** PostgreSQL 13 and later. */
export const postgresDialect = {
  name: 'postgres',
  session,
  readServer,
  introspect,
  listTables,
  readActivity,
  readSessions,
  survey,
  schemaUp,
  captureUp,
  captureDown,
  logUp,
  targetUp,
  targetDown,
  forgetCapability,
  guard,
  watch,
  reads,
  askChanges,
  intake,
  forgetChanges,
  readPending,
  readWaiting,
  readRange,
  readKeys,
  readLag,
  guessRows,
  sums,
  readIdentities,
  setIdentity,
  quoteText,
  raiseToken,
  whileStanding,
  deleteAcknowledged,
  readWriters,
  tellsCoupled,
  readCoupled,
  beginApply,
  beginTrial,
  endTrial,
  claim,
  upsert,
  deleteRows,
  truncate,
  readReferenced,
  endApply,
  suspendReferences,
  resumeReferences,
} satisfies Dialect

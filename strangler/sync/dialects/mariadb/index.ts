import type { Dialect } from '../../dialect.ts'
import { readActivity, readSessions } from './activity.ts'
import { beginApply, beginTrial, claim, deleteRows, endTrial, truncate, upsert } from './apply.ts'
import { captureDown, captureUp, forgetChanges, logUp } from './capture.ts'
import { listTables } from './catalogue.ts'
import { raiseToken, whileStanding } from './fencing.ts'
import { forgetCapability } from './forget-capability.ts'
import { guard } from './guards.ts'
import { readIdentities, setIdentity } from './identity.ts'
import { introspect } from './introspect.ts'
import { askChanges, quoteText, schemaUp, withoutWaiting } from './names.ts'
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
import { readServer } from './server.ts'
import { session } from './session.ts'
import { sums } from './sums.ts'
import { survey } from './survey.ts'
import { targetDown, targetUp } from './target-state.ts'
import { watch } from './watch.ts'
import { keepWriters, readCoupled, readWriters, tellsCoupled } from './writers.ts'

/** MariaDB 10.6 and later. MySQL 8 has not been run; it lacks SET STATEMENT and CREATE OR REPLACE TRIGGER. */
export const mariadbDialect = {
  name: 'mariadb',
  session,
  readServer,
  introspect,
  listTables,
  readActivity,
  readSessions,
  survey,
  schemaUp,
  withoutWaiting,
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
  keepWriters,
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
} satisfies Dialect

import { countOf } from '../../core/count-of.ts'
import { defineGate } from '../gate.ts'
import { nameBuilds, showCount, showDuration } from '../show.ts'
import type { DataEvidence, GuideSnapshot } from '../snapshot.ts'

const NO_TABLES = { reason: 'It has no tables, so there is nothing to copy.', evidence: { tables: 0 } }

const statusCommand = ({ capability }: GuideSnapshot) => `\`strangler sync status ${capability}\` says why.`

export const preflightClean = defineGate(
  'preflight-clean',
  'its tables can be synced',
  (snapshot, { pass, fail, unknown }) => {
    if (!snapshot.hasTables) return pass(NO_TABLES)
    const doctor = `\`strangler doctor ${snapshot.capability}\``
    const findings = snapshot.data?.findings
    if (findings === undefined) {
      return unknown({
        reason: 'The databases could not be looked at.',
        evidence: { blocking: null },
        fix: doctor,
      })
    }
    const evidence = { blocking: findings.blocking }
    if (findings.blocking === 0) return pass({ reason: 'Nothing stands in the way of a sync.', evidence })
    return fail({
      reason: `${findings.blocking} findings stand in the way, the first: ${findings.first ?? ''}.`,
      evidence,
      fix: `${doctor} explains each with its mend.`,
    })
  },
)

export const mappingProven = defineGate(
  'mapping-proven',
  'rows come back from the service as they were',
  (snapshot, { pass, fail, unknown }) => {
    if (!snapshot.hasTables) return pass(NO_TABLES)
    const fix = `\`strangler doctor ${snapshot.capability}\` shows a row that does not come back.`
    const unseen = snapshot.data?.unseen
    if (unseen !== undefined)
      return unknown({
        reason: `No row could be tried: ${unseen.reason}.`,
        evidence: { proven: null },
        fix: unseen.mend,
      })
    const proven = snapshot.data?.mappingProven
    if (proven === undefined)
      return unknown({ reason: 'The mapping was not tried on rows yet.', evidence: { proven: null }, fix })
    const evidence = { proven }
    if (proven) return pass({ reason: 'Real rows went there and back without a change.', evidence })
    return fail({ reason: 'A row of the monolith does not come back as it was.', evidence, fix })
  },
)

export const backfillDone = defineGate(
  'backfill-done',
  'every row is copied',
  (snapshot, { pass, unknown }) => {
    if (!snapshot.hasTables) return pass(NO_TABLES)
    const { data, capability } = snapshot
    const evidence = { sync: data?.sync ?? 'unknown', backfillDone: data?.backfillDone ?? null }
    if (data?.sync === 'running' && data.backfillDone)
      return pass({ reason: 'Every row is copied, and changes are carried.', evidence })
    return unknown({
      reason:
        data?.sync === 'running' ? 'Not every row is copied yet.' : `The sync of ${capability} does not run.`,
      evidence,
      fix:
        data?.sync === 'paused'
          ? `\`strangler sync resume ${capability}\``
          : `\`strangler sync backfill ${capability}\``,
    })
  },
)

export const verifyClean = defineGate(
  'verify-clean',
  'both sides have the same rows',
  (snapshot, { pass, fail, unknown }) => {
    if (!snapshot.hasTables) return pass(NO_TABLES)
    const { data, now, profile, capability } = snapshot
    const fix = `\`strangler sync verify ${capability}\``
    const verify = data?.verify
    if (verify === undefined)
      return unknown({
        reason: 'The rows of both sides were not compared yet.',
        evidence: { ageMs: null },
        fix,
      })
    const ageMs = now - verify.at
    const evidence = {
      ageMs,
      compared: verify.compared,
      diverged: verify.diverged,
      inFlight: verify.inFlight,
      ...nameBuilds(verify.builds),
    }
    if (verify.diverged > 0) {
      return fail({
        reason: `${showCount(verify.diverged)} of ${countOf(verify.compared, 'row')} ${verify.diverged === 1 ? 'is' : 'are'} missing, too many or different.`,
        evidence,
        fix: `\`strangler sync repair ${capability}\`, then ${fix}`,
      })
    }
    const found = `${countOf(verify.compared, 'row was', 'rows were')} the same ${showDuration(ageMs)} ago`
    if (verify.inFlight > 0)
      return unknown({ reason: `${found}, but ${verify.inFlight} did not come to rest.`, evidence, fix })
    if (ageMs > profile.verifyGoodForMs)
      return unknown({ reason: `${found}, which is too long.`, evidence, fix })
    return pass({ reason: `${found}.`, evidence })
  },
)

export const quarantineEmpty = defineGate(
  'quarantine-empty',
  'every change could be applied',
  (snapshot, { pass, fail, unknown }) => {
    if (!snapshot.hasTables) return pass(NO_TABLES)
    const data: DataEvidence | undefined = snapshot.data
    if (data === undefined || data.sync === 'none') {
      return unknown({
        reason: 'The sync does not run, so it is not known what it could not apply.',
        evidence: { quarantined: null },
        fix: statusCommand(snapshot),
      })
    }
    const evidence = { quarantined: data.quarantined }
    if (data.quarantined === 0) return pass({ reason: 'No row was refused by the other side.', evidence })
    return fail({
      reason: `${countOf(data.quarantined, 'row is', 'rows are')} refused by the other side.`,
      evidence,
      fix: `\`strangler sync status ${snapshot.capability}\` names them.`,
    })
  },
)

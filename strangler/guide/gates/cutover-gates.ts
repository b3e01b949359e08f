import { countOf } from '../../core/count-of.ts'
import { defineGate, type Gate } from '../gate.ts'
import { nameBuilds, showDuration, showSome } from '../show.ts'
import { whyNoLag } from './lag-gate.ts'
import { judgeSoak, waitFor } from './soak.ts'

const NO_TABLES = { reason: 'It has no tables, so no ownership moves.', evidence: { tables: 0 } }

export const readsSoaked = defineGate(
  'reads-soaked',
  'all reads were at the service for a while',
  (snapshot, { pass, unknown }) => {
    const { canary, migration, profile, endpoints } = snapshot
    if (endpoints.length > 0 && endpoints.every(({ isWrite }) => isWrite === true))
      return pass({ reason: 'It has no endpoint that reads.', evidence: { endpoints: endpoints.length } })
    const percent = migration?.percent ?? 0
    const wanted = { wantedMs: profile.readsSoakMs, wantedRequests: profile.canaryRequests }
    if (percent < 100)
      return unknown({
        reason: `Only ${percent} % of the reads are at the service.`,
        evidence: { percent, soakedMs: 0, ...wanted },
        fix: `\`strangler migrate ${snapshot.capability} next\` leads on to 100 %; then wait ${showDuration(profile.readsSoakMs)}.`,
      })
    const { soakedMs, evidence: soak, between, standing } = judgeSoak(snapshot)
    const requests = canary?.service.requests ?? 0
    const evidence = { percent, sinceMs: canary?.sinceMs ?? 0, ...soak, requests, ...wanted }
    const reason = `For ${showDuration(soakedMs)} every read was answered by the service (${countOf(requests, 'request')}).`
    if (soakedMs >= profile.readsSoakMs && requests >= profile.canaryRequests && standing === undefined)
      return pass({ reason, evidence })
    return unknown({
      reason: `${reason}${between} ${showDuration(profile.readsSoakMs)} and ${profile.canaryRequests} requests say enough.`,
      evidence,
      fix: standing ?? waitFor(profile.readsSoakMs - soakedMs, 'reads'),
    })
  },
)

export const logShort = defineGate('log-short', 'the log is short', (snapshot, { pass, fail, unknown }) => {
  if (!snapshot.hasTables) return pass(NO_TABLES)
  const { data, profile, capability } = snapshot
  const fix = `\`strangler sync status ${capability}\` says why.`
  const { logAgeMs, lagWatchedMs = 0 } = data ?? {}
  const evidence = { logAgeMs: logAgeMs ?? null, watchedMs: lagWatchedMs, limitMs: profile.logAgeMs }
  if (logAgeMs === undefined) return unknown({ ...whyNoLag(snapshot), evidence })
  const reason = `In the last ${showDuration(Math.min(lagWatchedMs, profile.logWindowMs))} no change waited longer than ${showDuration(logAgeMs)}; ${showDuration(profile.logAgeMs)} is the limit.`
  if (logAgeMs >= profile.logAgeMs) return fail({ reason, evidence, fix })
  if (lagWatchedMs < profile.logWindowMs)
    return unknown({ reason, evidence, fix: `Wait ${showDuration(profile.logWindowMs - lagWatchedMs)}.` })
  return pass({ reason, evidence })
})

export const identitiesFit = defineGate(
  'identities-fit',
  'new numbers do not meet old ones',
  (snapshot, { pass, fail, unknown }) => {
    if (!snapshot.hasTables) return pass(NO_TABLES)
    const fit = snapshot.cutover?.identitiesFit
    const evidence = { fit: fit ?? null }
    const fix = `\`strangler migrate ${snapshot.capability} cutover --dry-run\` names the column.`
    if (fit === undefined)
      return unknown({ reason: 'It was not looked yet at the columns that hand out numbers.', evidence, fix })
    if (fit)
      return pass({ reason: 'The service can go on with the numbers where the monolith stops.', evidence })
    return fail({
      reason: 'A column of the service is too small for the numbers that come next.',
      evidence,
      fix,
    })
  },
)

export const dryRunDone = defineGate(
  'dry-run-done',
  'the cut-over was rehearsed',
  (snapshot, { pass, fail, unknown }) => {
    if (!snapshot.hasTables) return pass(NO_TABLES)
    const { now, profile, capability } = snapshot
    const fix = `\`strangler migrate ${capability} cutover --dry-run\``
    const { dryRun, rehearsedBefore } = snapshot.cutover ?? {}
    if (dryRun === undefined && rehearsedBefore !== undefined)
      return unknown({
        reason: `Rehearsed ${showDuration(now - rehearsedBefore)} ago, before the owner or the copy changed: that says nothing of now.`,
        evidence: { predictedPauseMs: null, ageMs: now - rehearsedBefore },
        fix,
      })
    if (dryRun === undefined)
      return unknown({ reason: 'Nobody has rehearsed it yet.', evidence: { predictedPauseMs: null }, fix })
    const ageMs = now - dryRun.at
    const evidence = { predictedPauseMs: dryRun.predictedPauseMs, ageMs, ...nameBuilds(dryRun.builds) }
    if (dryRun.problem !== undefined)
      return fail({
        reason: `The rehearsal failed: ${dryRun.problem}.`,
        evidence,
        fix: `Mend that, then ${fix}`,
      })
    const reason = `Rehearsed ${showDuration(ageMs)} ago: writes would wait about ${showDuration(dryRun.predictedPauseMs)}.`
    if (ageMs > profile.dryRunGoodForMs) return unknown({ reason, evidence, fix })
    return pass({ reason, evidence })
  },
)

export const writersMoved = defineGate(
  'writers-moved',
  'nobody writes its tables beside the proxy',
  (snapshot, { pass, fail, unknown }) => {
    if (!snapshot.hasTables) return pass(NO_TABLES)
    const doctor = `\`strangler doctor ${snapshot.capability}\``
    const { writersOutside, couplings } = snapshot.cutover ?? {}
    if (writersOutside === undefined || couplings === undefined) {
      return unknown({
        reason: 'It is not known who writes the tables.',
        evidence: { writersOutside: null, couplings: null },
        fix: doctor,
      })
    }
    const found = [...writersOutside, ...couplings]
    const evidence = { writersOutside: writersOutside.length, couplings: couplings.length }
    if (found.length === 0) return pass({ reason: 'Every write comes through the proxy.', evidence })
    return fail({
      reason: `${countOf(found.length, 'writer')} would fail after the cut-over: ${showSome(found)}.`,
      evidence,
      fix: `Move them to the endpoints, or waive one with a reason; ${doctor} explains each.`,
    })
  },
)

/** Passes while the sync counts none of them. */
function noneOf(
  what: 'notReturnable' | 'strayWrites',
  { id, title, none, some, fix }: Readonly<Record<'id' | 'title' | 'none' | 'some' | 'fix', string>>,
): Gate {
  return defineGate(id, title, (snapshot, { pass, fail, unknown }) => {
    if (!snapshot.hasTables) return pass(NO_TABLES)
    const status = `\`strangler sync status ${snapshot.capability}\``
    const count = snapshot.data?.[what]
    if (count === undefined)
      return unknown({ reason: 'The sync does not answer.', evidence: { [what]: null }, fix: status })
    const evidence = { [what]: count }
    if (count === 0) return pass({ reason: none, evidence })
    return fail({ reason: `${count} ${some}`, evidence, fix: `${status} ${fix}` })
  })
}

export const returnable = noneOf('notReturnable', {
  id: 'returnable',
  title: 'everything could be carried back',
  none: 'The monolith can hold every row that the service has.',
  some: 'rows of the service cannot be carried back to the monolith.',
  fix: 'names them.',
})

export const noStrayWrites = noneOf('strayWrites', {
  id: 'no-stray-writes',
  title: 'the old side writes no more',
  none: 'No write to the old tables was seen since the service owns them.',
  some: 'writes to the old tables were not carried over.',
  fix: 'shows them; move their writer.',
})

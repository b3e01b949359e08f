import { defineGate } from '../gate.ts'
import { showDuration } from '../show.ts'

export const ownedLongEnough = defineGate(
  'owned-long-enough',
  'the service has owned it long enough',
  ({ migration, now, profile, owner }, { pass, unknown }) => {
    const sinceMs = owner === 'service' && migration !== undefined ? now - Date.parse(migration.enteredAt) : 0
    const evidence = { sinceMs, wantedMs: profile.soakMs }
    const reason = `The service has owned it for ${showDuration(sinceMs)}.`
    if (owner === 'service' && sinceMs >= profile.soakMs) return pass({ reason, evidence })
    return unknown({
      reason: `${reason} ${showDuration(profile.soakMs)} say enough.`,
      evidence,
      fix: `Wait ${showDuration(Math.max(0, profile.soakMs - sinceMs))}.`,
    })
  },
)

export const noCaller = defineGate(
  'no-caller',
  'nobody asks the monolith for it any more',
  ({ retirement, capability }, { pass, fail, unknown }) => {
    const fix = `\`strangler route list\` shows what still goes to the monolith.`
    if (retirement === undefined)
      return unknown({
        reason: 'It is not known what the monolith still answers.',
        evidence: { requests: null },
        fix,
      })
    const { monolithRequests: requests } = retirement
    const evidence = { requests }
    if (requests === 0)
      return pass({ reason: `The monolith has answered no request of ${capability}.`, evidence })
    return fail({
      reason: `The monolith has still answered ${requests} requests of ${capability}.`,
      evidence,
      fix,
    })
  },
)

export const noStatement = defineGate(
  'no-statement',
  'nobody touches its old tables any more',
  ({ retirement, hasTables, profile }, { pass, fail, unknown }) => {
    if (!hasTables) return pass({ reason: 'It has no tables.', evidence: { tables: 0 } })
    const statements = retirement?.statements
    if (statements === undefined) {
      return unknown({
        reason:
          "The monolith's database does not count statements, so it is not known who still reads the tables.",
        evidence: { statements: null },
        fix: 'Switch on pg_stat_statements, or performance_schema; or say why it is known otherwise with --because.',
      })
    }
    const evidence = { statements: statements.count, watchedMs: statements.watchedMs }
    const reason = `${statements.count} statements of others were counted on the old tables in ${showDuration(statements.watchedMs)}.`
    if (statements.count > 0)
      return fail({ reason, evidence, fix: 'Find the program by its user and its text, and move it.' })
    if (statements.watchedMs < profile.soakMs)
      return unknown({
        reason,
        evidence,
        fix: `Wait ${showDuration(profile.soakMs - statements.watchedMs)}.`,
      })
    return pass({ reason, evidence })
  },
)

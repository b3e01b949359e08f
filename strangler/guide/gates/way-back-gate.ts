import type { TriedTable } from '../../core/sync-words.ts'
import { defineGate } from '../gate.ts'
import { showDuration, showSome } from '../show.ts'
import type { GuideSnapshot } from '../snapshot.ts'

/** A row of each table, written in the service's database and carried back in a rehearsal, both undone. */
export const reversePathProven = defineGate(
  'reverse-path-proven',
  'a row went there and came back',
  (snapshot, { pass, fail, unknown }) => {
    if (!snapshot.hasTables)
      return pass({ reason: 'It has no tables, so no ownership moves.', evidence: { tables: 0 } })
    const { now, profile, capability, cutover } = snapshot
    const fix = `\`strangler migrate ${capability} cutover --dry-run\` tries it.`
    const unseen = snapshot.data?.unseen
    if (unseen !== undefined)
      return unknown({
        reason: `It cannot be tried: ${unseen.reason}.`,
        evidence: { tables: null },
        fix: unseen.mend,
      })
    const wayBack = cutover?.wayBack
    if (wayBack === undefined)
      return unknown({
        reason: 'It was not tried yet whether a change of the service comes back to the monolith.',
        evidence: { tables: null },
        fix,
      })
    const ageMs = now - wayBack.at
    const evidence = { ageMs, tables: wayBack.tables.length, ...count(wayBack.tables) }
    const [refused] = wayBack.tables.filter(({ outcome }) => outcome === 'refused')
    if (refused !== undefined)
      return fail({
        reason: `A row of ${refused.table} did not come back from the service: ${refused.because ?? 'no reason was given'}.`,
        evidence,
        fix: `Mend the table or its mapping, then ${fix}`,
      })
    const busy = wayBack.tables.filter(({ outcome }) => outcome === 'busy').map(({ table }) => table)
    if (busy.length > 0)
      return unknown({ reason: `The trial lost against the locks of ${showSome(busy)}.`, evidence, fix })
    const reason = describe(evidence)
    if (evidence.cameBack === 0)
      return unknown({ reason, evidence, fix: 'Wait until there is one, or look at the service’s database.' })
    if (isOfOtherBuilds(snapshot))
      return unknown({ reason: `${reason} Since then another build answers.`, evidence, fix })
    if (ageMs > profile.wayBackGoodForMs)
      return unknown({ reason: `${reason} That is too long ago.`, evidence, fix })
    return pass({ reason, evidence })
  },
)

function count(tables: readonly TriedTable[]): { cameBack: number; empty: number } {
  const having = (wanted: TriedTable['outcome']) => tables.filter(({ outcome }) => outcome === wanted).length
  return { cameBack: having('came-back'), empty: having('empty') }
}

function describe({ ageMs, cameBack, empty }: { ageMs: number; cameBack: number; empty: number }): string {
  if (cameBack === 0) return 'No table has a row that could be tried.'
  const left = empty === 0 ? '' : `; ${empty} ${empty === 1 ? 'has' : 'have'} no row yet`
  return `${showDuration(ageMs)} ago a row of ${cameBack === 1 ? 'one table' : `each of ${cameBack} tables`} was changed at the service and came back the same${left}.`
}

/** Both sides are what they were when it was tried, as far as that is known. */
function isOfOtherBuilds({ basis, cutover }: GuideSnapshot): boolean {
  const builds = cutover?.wayBack?.builds
  if (basis === undefined || builds === undefined) return false
  return builds.monolith !== basis.monolithBuild || builds.service !== basis.serviceBuild
}

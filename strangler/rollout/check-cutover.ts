import { countOf } from '../core/count-of.ts'
import type { Registration, RouteState, Side } from '../core/words.ts'
import { ownerOf } from '../routing/fold-cutover.ts'
import type { Obstacle, Readiness } from './ports.ts'

/** A proxy tells of itself every two seconds. */
const SILENT_AFTER_MS = 8_000
const REFUSED_SHOWN = 10
/** By the version of the line that began it, which grows. */
const TOKENS_A_CUTOVER = 4
/** A cut-over does not begin while the copy is further behind. */
const MOST_LAG_MS = 5_000

export interface CutoverCheck {
  readonly state: RouteState
  readonly capability: string
  readonly to: Side
  readonly registrations: readonly Registration[]
  /** Of the database's clock, by which registrations are dated. */
  readonly now: number
  /** Rows that may be left behind; their exact number, so that nobody loses more than he has seen. */
  readonly lose: number
}

/** What the journal and the registrations say against a cut-over. */
export function checkJournal({ state, capability, to, registrations, now }: CutoverCheck): Obstacle[] {
  const order = state.syncs?.[capability]
  const found: Obstacle[] = []
  if (state.cutovers?.[capability] !== undefined || state.holds[capability] !== undefined)
    found.push({
      reason: `the writes of ${capability} are held already`,
      fix: `\`strangler hold status\` says by whom.`,
    })
  if (ownerOf(state, capability) === to)
    found.push({ reason: `the ${to} owns ${capability} already`, fix: 'Nothing is to be done.' })
  if (order?.state !== 'running')
    found.push({
      reason: `the sync of ${capability} ${order === undefined ? 'is not installed' : 'is paused'}`,
      fix: `\`strangler sync ${order === undefined ? 'install' : 'resume'} ${capability}\``,
    })
  const silent = registrations.filter(
    ({ kind, seenAt }) => kind === 'proxy' && now - Date.parse(seenAt) > SILENT_AFTER_MS,
  )
  for (const { id, host } of silent)
    found.push({
      reason: `the proxy ${id} on ${host} is registered and does not answer; it might still write`,
      fix: `Start it, or if it is gone for good: \`strangler proxy evict ${id} --because "…"\`.`,
    })
  return found
}

/** A cut-over's first token; the two after it are its undoing's and its opening's. */
export function firstTokenOf(since: number): number {
  return since * TOKENS_A_CUTOVER
}

/**
 * No step of a cut-over would be let in where the databases know a later one, and neither would its undoing.
 * @param version of the journal, read after the token was
 */
export function checkToken(
  token: number,
  { capability, version }: { readonly capability: string; readonly version: number },
): Obstacle[] {
  if (token < firstTokenOf(version + 1)) return []
  const known = Math.floor(token / TOKENS_A_CUTOVER)
  return [
    {
      reason: `its databases know a cut-over of version ${known} of the journal, which is at version ${version} only: the control database was restored to an older state, or made anew`,
      fix: `Restore a newer state of it; or, when it is sure who owns, begin the sync anew: \`strangler sync uninstall ${capability}\` (where the service owns, with \`--unsafe --because "…"\`), \`strangler sync install ${capability}\` and \`strangler sync backfill ${capability}\`.`,
    },
  ]
}

/** What the databases say against it. */
export function checkReadiness(
  { refused, lagMs, obstacles }: Readiness,
  { capability, to, lose }: Pick<CutoverCheck, 'capability' | 'to' | 'lose'>,
): Obstacle[] {
  const fix = `\`strangler sync status ${capability}\` shows how far it is.`
  const found = [...obstacles]
  if (lagMs === undefined)
    found.push({ reason: 'the other side is no whole copy yet, or its sync does not run', fix })
  else if (lagMs > MOST_LAG_MS && refused.length === 0)
    found.push({ reason: `the copy is ${Math.round(lagMs / 1_000)} s behind`, fix })
  if (refused.length === 0 || refused.length === lose) return found
  return [...found, describeRefused(refused, { capability, to })]
}

function describeRefused(
  refused: Readiness['refused'],
  { capability, to }: Pick<CutoverCheck, 'capability' | 'to'>,
): Obstacle {
  const rows = refused.slice(0, REFUSED_SHOWN).map(({ table, key, error }) => `${table} ${key} (${error})`)
  const more = refused.length > REFUSED_SHOWN ? `, and ${refused.length - REFUSED_SHOWN} more` : ''
  const back = to === 'monolith' ? `; or leave exactly these behind: \`--lose ${refused.length}\`` : ''
  return {
    reason: `the ${to}’s database refuses ${countOf(refused.length, 'row')} of ${capability}: ${rows.join(', ')}${more}`,
    fix: `Mend them${back}.`,
  }
}

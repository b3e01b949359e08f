import { countOf } from '../../core/count-of.ts'
import type { MissedBecause } from '../../core/traffic-words.ts'
import { showDuration, showSome } from '../show.ts'
import type { GuideSnapshot } from '../snapshot.ts'

/** What the time of a soak says: so long the service has answered, what came in between, and what lets it go on. */
export interface JudgedSoak {
  readonly soakedMs: number
  readonly evidence: Readonly<Record<string, number | string | null>>
  /** A sentence for behind the time, with a space before it; empty where nothing came in between. */
  readonly between: string
  /** What is to be done while it stands; undefined while it goes. */
  readonly standing: string | undefined
}

const WHY: Partial<Record<MissedBecause, string>> = {
  STATIC: 'its route sends it there, whatever the stage says',
  SPLIT: 'its route sends a share there, whatever the stage says',
  TARGETING_MATCH: 'a rule of the targeting sends it there',
  STALE: 'the copy was too far behind, or its sync did not run',
  FALLBACK: 'the service failed',
  BREAKER_OPEN: 'the service kept failing',
  UNANSWERED: 'the service gave no answer',
  FAILED: 'the service answered with a status of 500 or more',
}

export function judgeSoak({ soak, now, capability, overrides, data }: GuideSnapshot): JudgedSoak {
  const { soakedMs = 0, missing = [], missed } = soak ?? {}
  const evidence = { soakedMs, missed: missed?.requests ?? 0, standsFor: missing.join(', ') || null }
  if (missed === undefined) return { soakedMs, evidence, between: '', standing: undefined }
  const why = WHY[missed.because] ?? missed.because
  const many = countOf(missed.requests, 'request was', 'requests were')
  const between = ` In between ${many} not answered by the service${missed.because === 'FAILED' ? ', or with an error' : ''}, the last ${showDuration(now - missed.at)} ago (${missed.endpoint}: ${why}); such time does not count, and five minutes of it begin it anew.`
  const [first] = missing
  if (first === undefined) return { soakedMs, evidence, between, standing: undefined }
  const mend = mendOf(missed.because, { capability, overrides, missing, isPaused: data?.sync === 'paused' })
  return {
    soakedMs,
    evidence,
    between,
    standing: `${mend} It goes on when the service has answered ${showSome(missing)} again${missed.because === 'FAILED' ? ' without an error' : ''}.`,
  }
}

interface Standing {
  readonly capability: string
  readonly overrides: readonly string[]
  readonly missing: readonly string[]
  readonly isPaused: boolean
}

function mendOf(because: MissedBecause, { capability, overrides, missing, isPaused }: Standing): string {
  const byHand = missing.filter((endpoint) => overrides.includes(endpoint))
  if (byHand.length > 0)
    return `${byHand.map((endpoint) => `\`strangler route clear "${endpoint}"\``).join(', ')}.`
  if (isPaused) return `\`strangler sync resume ${capability}\`.`
  if (because === 'STALE') return `\`strangler sync status ${capability}\` says how far the copy is.`
  if (because === 'STATIC' || because === 'SPLIT' || because === 'TARGETING_MATCH')
    return '`strangler route list` shows what does not follow the stage.'
  if (because === 'FAILED') return 'The log of the service says why it failed.'
  return 'The log of the service says why it did not answer.'
}

export function waitFor(leftMs: number, what: 'reads' | 'requests'): string {
  return leftMs > 0 ? `Wait ${showDuration(leftMs)}, while it has ${what}.` : `Wait for ${what}.`
}

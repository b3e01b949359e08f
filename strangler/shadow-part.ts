import { createShadowMarks } from './core/shadow-mark.ts'
import { deriveShadowSecret } from './core/shadow-secret.ts'
import type { RouteState } from './core/words.ts'
import type { KitGround } from './kit.ts'
import type { Shadow } from './shadow/create-shadow.ts'
import { keepEvidence } from './shadow/keep-evidence.ts'
import { createShadowBeside } from './shadow/shadow-beside.ts'

/** The comparison of this process: it copies nothing by itself, the proxy's port does. */
export interface ShadowPart {
  readonly shadow: Shadow
  follow(state: RouteState): void
}

export type ShadowPartOptions = Pick<
  KitGround,
  'config' | 'tokens' | 'link' | 'log' | 'positions' | 'releases' | 'tracing'
> & {
  readonly onVerdict?: (endpoint: string, verdict: string, count: number) => void
}

export function startShadowPart(options: ShadowPartOptions): ShadowPart {
  const { config, tokens, link, log, positions, releases, tracing, onVerdict } = options
  const secret = deriveShadowSecret(tokens.worker ?? tokens.operator)
  const shadow = createShadowBeside({
    config,
    secret,
    marks: createShadowMarks(secret, Date.now),
    position: positions.keeper,
    report: log.report,
    ...(onVerdict === undefined ? {} : { onVerdict }),
    ...(tracing === undefined ? {} : { beginSpan: tracing.traceShadow }),
  })
  const keeper = keepEvidence(shadow.book, link.comparisons, log.report)
  releases.add('what the comparison has found', () => keeper.stop())
  releases.add('the shadow requests', () => shadow.stop())
  return { shadow, follow: (state) => shadow.follow(state) }
}

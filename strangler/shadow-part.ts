import { createShadowMarks } from './core/shadow-mark.ts'
import { deriveShadowSecret } from './core/shadow-secret.ts'
import type { RouteState } from './core/words.ts'
import type { KitGround } from './kit.ts'
import { EMPTY_STATE } from './routing/fold-journal.ts'
import { createComparer } from './shadow/comparer.ts'
import { createCopyWatch } from './shadow/copy-watch.ts'
import { createShadow, type Shadow } from './shadow/create-shadow.ts'
import { keepEvidence } from './shadow/keep-evidence.ts'
import { createRulesFor } from './shadow/rules-of.ts'

/** The comparison of this process: it copies nothing by itself, the proxy's port does. */
export interface ShadowPart {
  readonly shadow: Shadow
  follow(state: RouteState): void
}

export type ShadowPartOptions = Pick<
  KitGround,
  'config' | 'tokens' | 'link' | 'log' | 'positions' | 'releases'
> & {
  readonly onVerdict?: (endpoint: string, verdict: string) => void
}

export function startShadowPart(options: ShadowPartOptions): ShadowPart {
  const { config, tokens, link, log, positions, releases, onVerdict } = options
  let state = EMPTY_STATE
  const rulesFor = createRulesFor(config)
  const shadow = createShadow({
    config,
    marks: createShadowMarks(deriveShadowSecret(tokens.worker ?? tokens.operator), Date.now),
    comparer: createComparer(rulesFor),
    rulesFor,
    copies: createCopyWatch({
      position: positions.keeper,
      isSynced: (capability) => state.syncs?.[capability] !== undefined,
    }),
    ownerOf: (capability) => state.owners?.[capability]?.side ?? 'monolith',
    report: log.report,
    ...(onVerdict === undefined ? {} : { onVerdict }),
  })
  const keeper = keepEvidence(shadow.book, link.comparisons, log.report)
  releases.add('what the comparison has found', () => keeper.stop())
  releases.add('the shadow requests', () => shadow.stop())
  return {
    shadow,
    follow(next) {
      state = next
      shadow.follow(next)
    },
  }
}

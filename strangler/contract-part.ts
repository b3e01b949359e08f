import type { RouteState } from './core/words.ts'
import type { KitGround } from './kit.ts'
import type { CapturePort } from './proxy/capture-port.ts'
import { type ContractRecorder, createContractRecorder } from './shadow/contract-recorder.ts'
import type { Shadow } from './shadow/create-shadow.ts'
import { createSideBuilds } from './shadow/side-builds.ts'

/** Contracts are learnt from the copies that the comparison gets, and from a few of the exchanges that nobody compares. */
export function startContractPart(
  { config, link, log, releases }: Pick<KitGround, 'config' | 'link' | 'log' | 'releases'>,
  { shadow, state }: { shadow: Pick<Shadow, 'capture' | 'ask'>; state: () => RouteState },
): CapturePort {
  const builds = createSideBuilds({
    config,
    ask: (side, request) => shadow.ask(side, request),
    deployed: (side) => state().deploys?.[side],
  })
  const recorder = createContractRecorder({
    store: link.contracts,
    buildOf: (answer) => builds.buildOf('monolith', answer),
    report: log.report,
    now: () => performance.now(),
  })
  releases.add('what the contracts have learnt', () => recorder.stop())
  return shareCapture(shadow.capture, recorder, log.report)
}

/** One copy for both. What the recorder does with it, the comparison does not notice. */
function shareCapture(
  port: CapturePort,
  recorder: ContractRecorder,
  report: KitGround['log']['report'],
): CapturePort {
  return {
    maxBodyBytes: port.maxBodyBytes,
    wants: (decision) => (decision.shadowTo === undefined ? recorder.wants(decision) : port.wants(decision)),
    takeBytes: (count) => port.takeBytes(count),
    giveBytes: (count) => port.giveBytes(count),
    isOwnMark: (mark) => port.isOwnMark(mark),
    onCaptured(exchange) {
      try {
        recorder.learn(exchange)
      } catch (error) {
        report('learn what an answer looks like', error)
      }
      if (exchange.isShadowed) port.onCaptured(exchange)
      else port.giveBytes(exchange.bytes)
    },
    onSkipped(decision, reason) {
      if (decision.shadowTo !== undefined) port.onSkipped(decision, reason)
    },
  }
}

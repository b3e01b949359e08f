import { GATE_PROFILES } from '../../strangler/guide/gate-profile.ts'
import { showDuration, showShare } from '../../strangler/guide/show.ts'

/** What the demo's gates ask for, beside what they ask for of real users. */
export function describeProfile({ demo, default: usual } = GATE_PROFILES): string {
  const bounds = [
    `${showDuration(demo.proxyP99Ms)} in the proxy (${showDuration(usual.proxyP99Ms)})`,
    `a service ${demo.latencyFactor} times as slow (${usual.latencyFactor})`,
    `${showShare(demo.netMismatch)} of the answers different (${showShare(usual.netMismatch)})`,
    `a canary that begins with ${demo.canarySteps[0]} % (${usual.canarySteps[0]} %)`,
  ]
  return `The gate profile is \`demo\`: the gates of every migration, over windows of seconds, and with wider bounds for a machine that serves everything; in brackets what real users are owed: ${bounds.join(', ')}.`
}

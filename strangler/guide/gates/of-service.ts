import type { Gate } from '../gate.ts'
import { verdictsOf } from '../gate.ts'

/** A gate that says something of the service: while the monolith itself stands at the service's address, nothing is known of one. */
export function ofService(gate: Gate): Gate {
  const { unknown } = verdictsOf(gate.id)
  return Object.freeze({
    ...gate,
    check: (snapshot) => {
      const { monolithAsService } = snapshot
      if (monolithAsService === undefined) return gate.check(snapshot)
      return unknown({
        reason: `\`sides.${monolithAsService}\` is the monolith's own address: the monolith would be held against itself, which says nothing of a service.`,
        evidence: { side: monolithAsService },
        fix: `Give \`sides.${monolithAsService}\` the address of the service, and start the kit again.`,
      })
    },
  } satisfies Gate)
}

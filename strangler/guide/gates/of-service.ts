import { describeMonolithAsService } from '../../core/monolith-as-service.ts'
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
        reason: describeMonolithAsService(monolithAsService),
        evidence: { side: monolithAsService },
        fix: `Give \`sides.${monolithAsService}\` the address of the service, and start the kit again.`,
      })
    },
  } satisfies Gate)
}

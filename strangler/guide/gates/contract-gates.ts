import { countOf } from '../../core/count-of.ts'
import { defineGate } from '../gate.ts'
import { ofService } from './of-service.ts'

export const contractRecorded = defineGate(
  'contract-recorded',
  'its contract is recorded',
  ({ contract, capability }, { pass, unknown }) => {
    const evidence = { endpoints: contract?.endpoints ?? 0 }
    if (contract?.recordedAt !== undefined && contract.endpoints > 0)
      return pass({
        reason: `The contract tells ${countOf(contract.endpoints, 'endpoint')} from the monolith's answers.`,
        evidence,
      })
    return unknown({
      reason: `Nobody has written down yet what the monolith answers at the endpoints of ${capability}.`,
      evidence,
      fix: `\`strangler contract record ${capability}\``,
    })
  },
)

export const contractPassed = ofService(
  defineGate(
    'contract-passed',
    'the service answers by the contract',
    ({ contract, capability, basis }, { pass, fail, unknown }) => {
      const fix = `\`strangler contract verify ${capability}\``
      const verified = contract?.verified
      if (verified === undefined) {
        return unknown({
          reason: 'The service was not checked against the contract yet.',
          evidence: { failures: null },
          fix,
        })
      }
      const { failures, build } = verified
      const evidence = { failures, build, verifiedAt: new Date(verified.at).toISOString() }
      const present = basis?.serviceBuild ?? 'unknown'
      if (build !== 'unknown' && present !== 'unknown' && build !== present)
        return unknown({ reason: `Build ${build} was checked, and ${present} answers now.`, evidence, fix })
      if (verified.pass)
        return pass({
          reason: `Build ${build} answers as the contract says. It tells of ${countOf(contract?.endpoints ?? 0, 'endpoint')}; those that only read were asked.`,
          evidence,
        })
      return fail({
        reason: `The service answers ${verified.failures} times otherwise than the contract says.`,
        evidence,
        fix: `Mend the service, then ${fix}`,
      })
    },
  ),
)

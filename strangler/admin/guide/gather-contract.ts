import type { ContractStore } from '../../core/contract-store.ts'
import type { GuideSnapshot } from '../../guide/snapshot.ts'

/** What was recorded of a capability's answers, and the newest check of the service against it. */
export async function readContract(
  store: ContractStore | undefined,
  capability: string,
): Promise<Pick<GuideSnapshot, 'contract'>> {
  const recorded = await store?.recorded(capability)
  if (recorded === undefined) return {}
  const { recordedAt, endpoints, verified } = recorded
  return {
    contract: {
      ...{ recordedAt, endpoints },
      ...(verified === undefined ? {} : { verified }),
    },
  }
}

import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import type { RehearsalAnswer } from '../../strangler/admin/cutover-contracts.ts'
import type { GuidedCapability } from '../../strangler/admin/guide/migrate-contracts.ts'
import { countOf } from '../../strangler/core/count-of.ts'
import { type Say, tellDone } from './narrate.ts'

type Gate = NonNullable<GuidedCapability['next']>['gates'][number]

const ASK_AGAIN_MS = 5_000

/** Asks for the evidence that comes only when somebody asks for it. */
export interface Gatherer {
  gather(gates: readonly Gate[]): Promise<void>
}

export interface GathererOptions {
  readonly client: AdminClient
  readonly capability: string
  readonly verifyContract: () => Promise<string>
  readonly say: Say
}

export function createGatherer({ client, capability, verifyContract, say }: GathererOptions): Gatherer {
  const asked = new Map<string, number>()
  const tell = (text: string) => tellDone(say, text)

  function isDue(what: string): boolean {
    if ((asked.get(what) ?? 0) > Date.now()) return false
    asked.set(what, Date.now() + ASK_AGAIN_MS)
    return true
  }
  async function record(): Promise<void> {
    try {
      const { recorded } = await client.recordContract(capability)
      tell(
        `contract record: what the monolith answers at ${countOf(recorded?.endpoints ?? 0, 'endpoint')} is written down as OpenAPI, without any value.`,
      )
    } catch (error) {
      // Nothing was seen yet; it is asked for again.
      if ((error as { code?: string }).code !== 'STRANGLER_CONTRACT_UNKNOWN') throw error
    }
  }
  async function verifyRows(): Promise<void> {
    const { started } = await client.verifySync({ capability })
    if (started) tell('sync verify: every row of both databases is compared, while both are written to.')
  }

  async function checkContract(gates: readonly Gate[]): Promise<void> {
    const stateOf = (name: string) => gates.find(({ id }) => id === name)?.state
    const passed = stateOf('contract-passed')
    if (stateOf('contract-recorded') !== 'pass' || passed === undefined || passed === 'pass') return
    if (!isDue('contract')) return
    // It was made of the first answers, and more have been seen since.
    if (passed === 'fail') {
      tell(
        'More of what there is has been seen since: the contract is recorded once more, and the service is checked again.',
      )
      await record()
    }
    tell(await verifyContract())
  }

  return {
    async gather(gates) {
      const shut = new Set(gates.filter(({ state }) => state !== 'pass').map(({ id }) => id))
      if (shut.has('contract-recorded') && isDue('record')) await record()
      await checkContract(gates)
      if (shut.has('verify-clean') && !shut.has('backfill-done') && isDue('rows')) await verifyRows()
      // Whoever has mended something has it looked at again.
      if (shut.has('writers-moved') && isDue('doctor')) await client.diagnoseSync({ capability })
      const rehearsed = ['dry-run-done', 'identities-fit', 'reverse-path-proven']
      // Once the rest is known: it speaks of the moment.
      const isLast = [...shut].every((id) => rehearsed.includes(id))
      if (isLast && shut.size > 0 && isDue('rehearsal'))
        for (const text of describeRehearsal(await client.rehearseCutover({ capability, to: 'service' })))
          tell(text)
    },
  }
}

function describeRehearsal({ predictedMs, obstacles, wayBack = [] }: RehearsalAnswer): string[] {
  const back = wayBack.filter(({ outcome }) => outcome === 'came-back')
  const changed = back.map(({ table, column }) => (column === undefined ? table : `${table}.${column}`))
  return [
    ...obstacles.map(({ reason }) => `cutover --dry-run: in its way is that ${reason}.`),
    `cutover --dry-run: writes would wait about ${predictedMs} ms.`,
    ...(back.length === 0
      ? []
      : [
          `It also changed a row of each of ${countOf(back.length, 'table')} at the service (${changed.join(', ')}), carried them back to the monolith by the reverse path, compared, and undid both.`,
        ]),
  ]
}

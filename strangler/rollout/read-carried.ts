import type { EvidenceStore } from '../core/evidence-store.ts'
import type { RowKeys } from './ports.ts'

/** What the process that runs the sync has told of this cut-over. @throws when it says that changes may have been missed */
export async function readCarried(
  { read }: Pick<EvidenceStore, 'read'>,
  { capability, cutoverId }: { readonly capability: string; readonly cutoverId: string },
): Promise<RowKeys | undefined> {
  const { carried } = await read(capability)
  if (carried?.content.cutoverId !== cutoverId) return undefined
  const { keys, problems } = carried.content
  if (problems.length > 0) throw new Error(problems.join('; '))
  return new Map(Object.entries(keys))
}

import type { OwnerPosition, WorkerReport } from '../core/owner-words.ts'

/** Beyond the time that an answer may wait. */
const ANSWER_WITHIN_MS = 10_000

export interface OwnerClientOptions {
  /** The admin API's address, e.g. `http://127.0.0.1:8081`. */
  readonly url: string
  /** The worker token. */
  readonly token: string
}

/** Asks the kit who owns a capability. @throws when the kit does not answer, or refuses; the message says why */
export interface OwnerClient {
  /** Tells of a worker; the answer is what the journal says after that. */
  report(worker: WorkerName, report: WorkerReport): Promise<OwnerPosition>
  /** Waits until it is no longer as it was seen, or for the time given. */
  waitForChange(seen: OwnerPosition, waitMs: number, signal: AbortSignal): Promise<void>
  /** The worker has stopped: nobody has to wait for it any more. */
  remove(worker: WorkerName): Promise<void>
}

export interface WorkerName {
  readonly capability: string
  readonly id: string
}

export function createOwnerClient({ url, token }: OwnerClientOptions): OwnerClient {
  const ownerOf = (capability: string) => new URL(`/owner/${encodeURIComponent(capability)}`, url)
  const placeOf = ({ capability, id }: WorkerName) =>
    new URL(`${ownerOf(capability).pathname}/workers/${encodeURIComponent(id)}`, url)
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }

  async function call(place: URL, init: RequestInit): Promise<unknown> {
    const answer = await fetch(place, {
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      ...init,
    })
    const body: unknown = await answer.json().catch(() => undefined)
    if (answer.ok && body !== undefined) return body
    const { code = '', detail = '', fix = '' } = (body ?? {}) as Record<string, string | undefined>
    throw new Error(`The kit answered ${answer.status} ${code}: ${detail} ${fix}`.trim())
  }

  return {
    // Never given up halfway for a stop: the kit would act on it afterwards, and wait for a worker that is no more.
    report: async (worker, report) =>
      (await call(placeOf(worker), { method: 'PUT', body: JSON.stringify(report) })) as OwnerPosition,
    async waitForChange({ capability, tag }, waitMs, signal) {
      const place = ownerOf(capability)
      place.searchParams.set('seen', tag)
      place.searchParams.set('waitMs', String(waitMs))
      const late = AbortSignal.timeout(waitMs + ANSWER_WITHIN_MS)
      await call(place, { signal: AbortSignal.any([signal, late]) })
    },
    async remove(worker) {
      await call(placeOf(worker), { method: 'DELETE' })
    },
  }
}

import type { Registrations, ReportError } from '../core/ports.ts'

type Progress = Parameters<Registrations['report']>[1]

/** A proxy's entry among those that a change of owner waits for. */
export interface Registration {
  readonly id: string | undefined
  /** Goes on with the entry of an earlier run, which others have waited for meanwhile. */
  resume(id: string): void
  /** Makes the entry, or the one that was resumed anew. */
  register(registrations: Registrations): Promise<void>
  /** Says in the background how far this proxy is. */
  tellProgress(): void
  /** Waits for what is being said, and says nothing more. */
  settle(): Promise<void>
  /** Takes the entry away; false when the control database could not be told, or there was none. */
  remove(): Promise<boolean>
}

export interface RegistrationOptions {
  /** Where progress is told. */
  readonly registrations: Registrations
  readonly host: string
  readonly signal: AbortSignal
  /** How far the proxy is, as a crash would leave it. */
  readonly progress: () => Promise<Progress>
  /** The entry was taken away from a proxy that is alive after all, and it has a new one: nobody has waited for it meanwhile. */
  readonly onReturned: () => Promise<void>
  readonly report: ReportError
}

export function createRegistration(options: RegistrationOptions): Registration {
  const { registrations, host, signal, report } = options
  const pid = process.pid
  let id: string | undefined
  const tellOnce = async () => {
    if (id === undefined || (await registrations.report(id, await options.progress()))) return false
    if (signal.aborted) return false
    id = (await registrations.register({ host, pid })).id
    await options.onReturned()
    return true
  }
  const teller = createTeller({ tellOnce, signal, report })
  return {
    get id() {
      return id
    },
    resume(earlier) {
      id = earlier
    },
    async register(to) {
      id = (await to.register({ ...(id === undefined ? {} : { id }), host, pid })).id
    },
    tellProgress() {
      if (id !== undefined) teller.tell()
    },
    settle: teller.settle,
    remove() {
      const present = id
      if (present === undefined) return Promise.resolve(false)
      return registrations.remove(present).then(
        () => {
          id = undefined
          return true
        },
        (error: unknown) => {
          report('remove the registration', error)
          return false
        },
      )
    },
  }
}

interface TellerOptions {
  /** True when there is more to say at once. */
  readonly tellOnce: () => Promise<boolean>
  readonly signal: AbortSignal
  readonly report: ReportError
}

/** One report at a time, and one more when something has changed meanwhile: while the database hangs they must not queue up. */
function createTeller({ tellOnce, signal, report }: TellerOptions) {
  let telling: Promise<void> | undefined
  let again = false
  async function tellWhileChanged(): Promise<void> {
    while (again && !signal.aborted) {
      // Whoever has called finishes his turn: what he puts on disk in it is waited for, and told at once.
      await Promise.resolve()
      again = false
      try {
        if (await tellOnce()) again = true
      } catch (error) {
        report('tell the control database how far this proxy is', error)
      }
    }
  }
  return {
    tell() {
      if (signal.aborted) return
      again = true
      telling ??= tellWhileChanged().finally(() => {
        telling = undefined
      })
    },
    async settle() {
      await telling
    },
  }
}

import { CutoverRequest } from './cutover-request.ts'
import type { CutoverWorld } from './cutover-world.ts'
import { CAPABILITY } from './model-setting.ts'

/** Where a cut-over comes from that was asked for, and not just begun. */
interface Origin {
  readonly announcementId: string
  /** The line that began the attempt before. */
  readonly before: number | undefined
}

/** What operators have asked processes for, the newest of each process. */
export class AskedCutovers {
  readonly #requests = new Map<number, CutoverRequest>()
  readonly #origins = new Map<string, Origin>()

  get isAnyOpen(): boolean {
    return this.#requests.values().some(({ hasEnded }) => !hasEnded)
  }

  ask(world: CutoverWorld, index: number): void {
    const isBusy = this.#requests.get(index)?.hasEnded === false
    if (isBusy || world.state.cutovers?.[CAPABILITY] !== undefined) return
    this.#requests.set(index, new CutoverRequest(world, index))
  }

  goOn(world: CutoverWorld, index: number): void {
    this.#requests.get(index)?.goOn(world)
  }

  remember(cutoverId: string, origin: Origin): void {
    this.#origins.set(cutoverId, origin)
  }

  originOf(cutoverId: string): Partial<Origin> {
    return this.#origins.get(cutoverId) ?? {}
  }
}

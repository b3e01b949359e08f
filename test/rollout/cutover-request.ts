import type { RouteState, Side } from '../../strangler/core/words.ts'
import {
  holdForMs,
  mayTryAgain,
  pauseBefore,
  placeOf,
  TRY_FOR_MS,
} from '../../strangler/rollout/hold-budget.ts'
import { ownerOf } from '../../strangler/routing/fold-cutover.ts'
import type { CutoverWorld } from './cutover-world.ts'
import { CAPABILITY, HOLD_MS } from './model-setting.ts'

const ROUNDS = 3

type Phase = 'announce' | 'wait for answers' | 'start' | 'drive' | 'is over' | 'ended'

/**
 * A cut-over that an operator has asked one process for: announced, begun, and begun again where its hold was only too short. Every step may come as late
 * as it likes, and knows no newer journal than the one it was decided on.
 */
export class CutoverRequest {
  readonly #index: number
  readonly #to: Side
  readonly #began: number
  /** Lines that are its own, by the id of an announcement or of a cut-over. */
  readonly #ids = new Set<string>()
  readonly #askedAt: number
  /** Of the journal, which its next line expects. */
  #version: number
  #phase: Phase = 'announce'
  #rounds = 0
  #next = 0
  #place = 0
  #announced = { id: '', version: 0 }
  #expiresAt = 0
  #attempt: { id: string; since: number } | undefined
  #over: RouteState | undefined

  constructor(world: CutoverWorld, index: number) {
    this.#index = index
    this.#to = ownerOf(world.state, CAPABILITY) === 'monolith' ? 'service' : 'monolith'
    this.#began = world.now
    this.#askedAt = world.state.version
    this.#version = world.state.version
  }

  get hasEnded(): boolean {
    return this.#phase === 'ended'
  }

  goOn(world: CutoverWorld): void {
    if (this.#phase === 'announce') this.#announce(world)
    else if (this.#phase === 'wait for answers') this.#lookForAnswers(world)
    else if (this.#phase === 'start') this.#start(world)
    else if (this.#phase === 'drive') this.#lookWhetherOver(world)
    else if (this.#phase === 'is over') this.#tryAgain(world)
  }

  #announce(world: CutoverWorld): void {
    const announcementId = `announcement-${world.state.version}`
    const event = { kind: 'cutover.announced' as const, capability: CAPABILITY, announcementId, to: this.#to }
    if (!world.appendAt(this.#version, event)) return this.#end()
    this.#ids.add(announcementId)
    this.#version = world.state.version
    this.#announced = { id: announcementId, version: this.#version }
    this.#rounds += 1
    this.#phase = 'wait for answers'
  }

  #lookForAnswers(world: CutoverWorld): void {
    const isQuick = world.proxies.every(({ answered }) => answered === this.#announced.id)
    if (!isQuick && this.#rounds < ROUNDS) return this.#announce(world)
    const isAnyDeaf = world.proxies.some(({ seen }) => seen.version < this.#announced.version)
    if (!isQuick && isAnyDeaf) return this.#end()
    this.#place = placeOf({ next: this.#next, isQuick })
    this.#expiresAt = world.now + holdForMs({ place: this.#place, holdMs: HOLD_MS })
    this.#phase = 'start'
  }

  #start(world: CutoverWorld): void {
    const cutoverId = `cutover-${world.state.version}`
    const event = { kind: 'cutover.started' as const, capability: CAPABILITY, cutoverId, to: this.#to }
    const since = this.#version + 1
    if (!world.appendAt(this.#version, { ...event, expiresAt: this.#expiresAt })) return this.#end()
    this.#ids.add(cutoverId)
    this.#mustBeUndisturbed(world)
    world.asked.remember(cutoverId, { announcementId: this.#announced.id, before: this.#attempt?.since })
    this.#attempt = { id: cutoverId, since }
    this.#phase = 'drive'
  }

  /** Whoever has decided something since it was asked for has not decided it for this. */
  #mustBeUndisturbed({ entries }: CutoverWorld): void {
    const foreign = entries.slice(this.#askedAt).find(({ event }) => {
      const ids = Object.values(event).filter((value) => typeof value === 'string')
      return !ids.some((id) => this.#ids.has(id))
    })
    if (foreign !== undefined)
      throw new Error(`A cut-over has begun over a line of somebody else’s: ${JSON.stringify(foreign)}`)
  }

  #lookWhetherOver(world: CutoverWorld): void {
    if (world.state.cutovers?.[CAPABILITY]?.id === this.#attempt?.id) return
    this.#over = world.state
    this.#phase = 'is over'
  }

  #tryAgain(world: CutoverWorld): void {
    const { state, attempt } = { state: this.#over!, attempt: this.#attempt! }
    this.#next = this.#place + 1
    const undone = { ...world.endOf(this.#index, attempt.id), since: attempt.since, version: state.version }
    const mayGoOn = world.mistake === 'tries again whatever others have written' || mayTryAgain(undone)
    const isMoved = ownerOf(state, CAPABILITY) === this.#to
    const isLate = world.now - this.#began > TRY_FOR_MS
    if (isMoved || !mayGoOn || isLate || pauseBefore(this.#next) === undefined) return this.#end()
    this.#version = state.version
    this.#rounds = 0
    this.#phase = 'announce'
  }

  #end(): void {
    this.#phase = 'ended'
  }
}

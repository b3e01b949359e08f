import type { Cutover, JournalEntry, JournalEvent, RouteState, Side } from '../../strangler/core/words.ts'
import { type CutoverStep, decideBefore, nextStep, whyAbort } from '../../strangler/guide/cutover.ts'
import { ownerOf } from '../../strangler/routing/fold-cutover.ts'
import { EMPTY_STATE, foldJournal } from '../../strangler/routing/fold-journal.ts'
import { AskedCutovers } from './asked-cutovers.ts'
import { ModelProxy } from './cutover-proxy.ts'
import { CAPABILITY, HOLD_MS } from './model-setting.ts'

/** What is done wrong, to see that it is found. */
export type Mistake =
  | 'none'
  | 'opens before the decision'
  | 'undoes without its condition'
  | 'has no fencing tokens'
  | 'opens under the token it closes with'
  | 'tries again whatever others have written'
  | 'tries again under the token that the undoing left'
  | 'takes an answer to its announcement for one to its hold'

interface Database {
  guarded: boolean
  token: number
  /** Changes that the other one has not got. */
  pending: number
}

interface Coordinator {
  seen: RouteState
  done: Set<CutoverStep>
  of: string | undefined
  failure: string | undefined
  /** It has failed of nothing but its time. */
  isLate: boolean
  /** What it is about to do. */
  step: CutoverStep | undefined
}

/** How an attempt ended for the process that has made it. */
interface End {
  readonly isLate: boolean
  readonly isFenced: boolean
}

const other = (side: Side): Side => (side === 'monolith' ? 'service' : 'monolith')

/** Two databases, a journal, proxies and coordinators, each of which may stop for any time between looking and acting. */
export class CutoverWorld {
  readonly entries: JournalEntry[] = []
  state: RouteState = EMPTY_STATE
  now = 0
  readonly databases: Record<Side, Database> = {
    monolith: { guarded: false, token: -1, pending: 0 },
    service: { guarded: true, token: -1, pending: 0 },
  }
  readonly coordinators: Coordinator[]
  readonly proxies: ModelProxy[]
  readonly mistake: Mistake
  readonly asked = new AskedCutovers()
  readonly #ends = new Map<string, End>()

  constructor(mistake: Mistake, { coordinators, proxies }: { coordinators: number; proxies: number }) {
    this.mistake = mistake
    this.#append({ kind: 'sync.started', capability: CAPABILITY, epoch: 1, backfill: true })
    const fresh = () => ({
      seen: this.state,
      done: new Set<CutoverStep>(),
      of: undefined,
      failure: undefined,
      isLate: false,
      step: undefined,
    })
    this.coordinators = Array.from({ length: coordinators }, fresh)
    this.proxies = Array.from({ length: proxies }, () => new ModelProxy(this.state))
  }

  #append(event: JournalEvent): void {
    const entry = { version: this.state.version + 1, at: '', by: 'model', event }
    this.entries.push(entry)
    this.state = foldJournal(this.state, [entry])
  }

  /** @returns whether the journal still stood there */
  appendAt(version: number, event: JournalEvent): boolean {
    if (version !== this.state.version) return false
    this.#append(event)
    return true
  }

  endOf(index: number, cutoverId: string): End {
    return this.#ends.get(`${index} ${cutoverId}`) ?? { isLate: false, isFenced: false }
  }

  /** Somebody decides something else. */
  write(): void {
    this.#append({ kind: 'route.cleared', endpoint: 'GET /elsewhere' })
  }

  /** One that nobody has announced. */
  start(): void {
    if (this.state.cutovers?.[CAPABILITY] !== undefined) return
    const to = other(ownerOf(this.state, CAPABILITY))
    const cutoverId = `cutover-${this.state.version}`
    this.#append({
      kind: 'cutover.started',
      capability: CAPABILITY,
      cutoverId,
      to,
      expiresAt: this.now + HOLD_MS,
    })
  }

  tick(): void {
    this.now += 1_500
  }

  /** The relay and the applier: whatever the guards say. */
  carry(): void {
    this.databases[ownerOf(this.state, CAPABILITY)].pending = 0
  }

  proxySees(index: number): void {
    this.proxies[index]!.see(this.state)
  }

  proxyBegins(index: number): void {
    this.proxies[index]!.begin(this.now)
  }

  /** It lands, or a guard refuses it. */
  proxyEnds(index: number): void {
    const side = this.proxies[index]!.end()
    if (side === undefined) return
    if (this.databases[side].guarded) return this.#mustBeLate(side)
    this.databases[side].pending += 1
    if (side !== ownerOf(this.state, CAPABILITY))
      throw new Error(`A write has landed at the ${side}, which does not own`)
  }

  /** Behind its fence a hold has no writes in flight: a guard refuses what comes past it, or when its time is over. */
  #mustBeLate(side: Side): void {
    const hold = this.state.holds[CAPABILITY]
    const cutover = this.state.cutovers?.[CAPABILITY]
    if (cutover?.phase !== 'started' || cutover.to === side || hold === undefined) return
    if (this.now < hold.expiresAt) throw new Error(`A write was refused that the hold had to wait for`)
  }

  /** Reads the journal and makes up its mind; after that anything may happen before it acts. */
  look(index: number): void {
    const actor = this.coordinators[index]!
    actor.seen = this.state
    actor.step = undefined
    const cutover = this.state.cutovers?.[CAPABILITY]
    if (cutover === undefined) return
    if (actor.of !== cutover.id)
      Object.assign(actor, { of: cutover.id, done: new Set(), failure: undefined, isLate: false })
    const { done, failure } = actor
    const position = { cutover, hold: this.state.holds[CAPABILITY], done, failure, now: this.now }
    actor.step = nextStep(position)
    if (actor.step === 'abort') this.#fail(actor, whyAbort(position) ?? 'it was undone')
  }

  /** The first thing that has failed counts. */
  #fail(actor: Coordinator, failure: string): void {
    const hold = actor.seen.holds[CAPABILITY]
    if (actor.failure === undefined) actor.isLate = hold !== undefined && this.now >= decideBefore(hold)
    actor.failure ??= failure
  }

  act(index: number): void {
    const actor = this.coordinators[index]!
    const { step, seen } = actor
    const cutover = seen.cutovers?.[CAPABILITY]
    actor.step = undefined
    if (cutover === undefined || step === undefined) return
    if (this.#take(step, { cutover, actor })) actor.done.add(step)
    const { done, isLate } = actor
    const end = { isLate: isLate && done.has('end-undo'), isFenced: done.has('fence') }
    this.#ends.set(`${index} ${cutover.id}`, end)
    this.check()
  }

  /** At most one database takes writes; between cut-overs it is the owner's. */
  check(): void {
    if (!this.databases.monolith.guarded && !this.databases.service.guarded)
      throw new Error('Both databases take writes')
    if (this.state.cutovers?.[CAPABILITY] !== undefined) return
    const owner = ownerOf(this.state, CAPABILITY)
    if (this.databases[owner].guarded) throw new Error(`The ${owner} owns, and takes no writes`)
    if (!this.databases[other(owner)].guarded)
      throw new Error(`The ${other(owner)} takes writes, and does not own`)
  }

  /** @returns whether it is done */
  #take(step: CutoverStep, { cutover, actor }: { cutover: Cutover; actor: Coordinator }): boolean {
    const [target, source] = [this.databases[cutover.to], this.databases[other(cutover.to)]]
    const [token, since] = [this.#tokenOf(cutover), cutover.since * 4]
    const ids = { capability: CAPABILITY, cutoverId: cutover.id, holdId: cutover.id }
    const { capability, cutoverId, holdId } = ids
    switch (step) {
      case 'await-acknowledgements':
        this.#enter(token)
        if (this.#isOver(target, token)) return false
        target.guarded = true
        // What it forgets of its former role is the newest owner's log by then.
        if (target.pending > 0 && ownerOf(this.state, CAPABILITY) === cutover.to)
          throw new Error('Changes of the new owner were forgotten')
        target.pending = 0
        return this.proxies.every((proxy) => this.#hasAcknowledged(proxy, cutover))
      case 'fence':
        return this.#appendAt(actor, { kind: 'hold.fenced', capability, holdId })
      case 'close-source':
        if (this.#isOver(source, token)) this.#fail(actor, 'overtaken')
        else source.guarded = true
        return actor.failure === undefined
      case 'drain':
        return source.pending === 0
      case 'decide':
        if (this.mistake === 'opens before the decision') target.guarded = false
        this.check()
        if (actor.seen.version === this.state.version && (!source.guarded || source.pending > 0))
          throw new Error('It was decided while changes were on their way')
        return this.#appendAt(actor, {
          ...{ kind: 'owner.changed', capability, cutoverId },
          ...{ owner: cutover.to, epoch: actor.seen.version + 1 },
        })
      case 'abort':
        if (this.mistake === 'undoes without its condition') source.guarded = false
        return this.#appendAt(actor, { kind: 'cutover.aborted', capability, cutoverId })
      case 'open-target':
        // The other database may hang, and never know of it.
        if (this.mistake !== 'opens under the token it closes with') this.#enter(since + 2, [target])
        if (!this.#isOver(target, target.token === token ? token : since + 2)) target.guarded = false
        return true
      case 'open-source':
        this.#enter(since + 1, [source])
        if (!this.#isOver(source, since + 1)) source.guarded = false
        return true
      case 'release':
        return this.#appendAt(actor, { kind: 'hold.released', capability, holdId })
      case 'end-undo':
        return this.#appendAt(actor, { kind: 'hold.aborted', capability, holdId })
      default:
        return true
    }
  }

  #hasAcknowledged(proxy: ModelProxy, { id }: Cutover): boolean {
    const { announcementId } = this.asked.originOf(id)
    const isMistaken = this.mistake === 'takes an answer to its announcement for one to its hold'
    if (isMistaken && announcementId !== undefined && proxy.answered === announcementId) return true
    return proxy.hasAcknowledged(id)
  }

  /** For what is done before the decision. */
  #tokenOf({ id, since }: Cutover): number {
    const { before } = this.asked.originOf(id)
    const isMistaken = this.mistake === 'tries again under the token that the undoing left'
    return isMistaken && before !== undefined ? before * 4 + 1 : since * 4
  }

  #enter(token: number, databases = Object.values(this.databases)): void {
    for (const database of databases) database.token = Math.max(database.token, token)
  }

  #isOver(database: Database, token: number): boolean {
    return this.mistake !== 'has no fencing tokens' && database.token !== token
  }

  #appendAt(actor: Coordinator, event: JournalEvent): boolean {
    return this.appendAt(actor.seen.version, event)
  }

  get #isOpen(): boolean {
    return this.asked.isAnyOpen || this.state.cutovers?.[CAPABILITY] !== undefined
  }

  /** Everybody goes on until nothing is open. @throws when it never ends, or leaves the guards where they do not belong */
  settle(): void {
    for (let round = 0; round < 200 && this.#isOpen; round += 1) {
      this.carry()
      for (const index of this.coordinators.keys()) this.asked.goOn(this, index)
      for (const index of this.proxies.keys()) {
        this.proxySees(index)
        this.proxyEnds(index)
      }
      for (const index of this.coordinators.keys()) {
        this.look(index)
        this.act(index)
      }
    }
    if (this.#isOpen) throw new Error('The cut-over never ends')
    this.check()
  }
}

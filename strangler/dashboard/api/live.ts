import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { ProxiesAnswer, RoutesAnswer } from '../../admin/contracts.ts'
import type { GuideAnswer } from '../../admin/guide/migrate-contracts.ts'
import type { LiveTraffic, SideCost, TopicValue, TrafficPoint } from '../../admin/live/live-words.ts'
import type { SyncAnswer } from '../../admin/sync-contracts.ts'

interface Topics {
  readonly routes: RoutesAnswer
  readonly traffic: LiveTraffic
  readonly guide: GuideAnswer
  readonly syncs: SyncAnswer
  readonly proxies: ProxiesAnswer
  readonly costs: readonly SideCost[]
}

/** What is known of a topic: the newest that was said, and why nothing newer is. Both absent: nothing was said yet. */
export interface Heard<T> {
  readonly data?: T
  readonly problem?: { readonly code: string; readonly detail: string; readonly fix?: string | undefined }
}

const heard = {
  routes: signal<Heard<RoutesAnswer>>({}),
  traffic: signal<Heard<LiveTraffic>>({}),
  guide: signal<Heard<GuideAnswer>>({}),
  syncs: signal<Heard<SyncAnswer>>({}),
  proxies: signal<Heard<ProxiesAnswer>>({}),
  costs: signal<Heard<readonly SideCost[]>>({}),
}

/** What the admin API says of itself, as it changes. */
export const live: { readonly [Name in keyof Topics]: ReadonlySignal<Heard<Topics[Name]>> } = heard

const MOST_POINTS = 450
const seenPoints = signal<readonly TrafficPoint[]>([])
export const points: ReadonlySignal<readonly TrafficPoint[]> = seenPoints

export type Connection = 'connecting' | 'open' | 'lost'
const state = signal<Connection>('connecting')
export const connection: ReadonlySignal<Connection> = state

/** The server says something every ten seconds, if only that it lives. */
const SILENCE_MS = 25_000
const AGAIN_MS = [500, 1_000, 2_000, 5_000]

let source: EventSource | undefined
let lastId = ''
let failures = 0
let silence: number | undefined
let again: number | undefined
let probe: (() => Promise<void>) | undefined

/** @param ask tells whether we are still signed in, when the stream is refused: an EventSource does not say why */
export function startLive(ask: () => Promise<void>): void {
  probe = ask
  open()
}

export function stopLive(): void {
  close()
  clearTimeout(again)
  lastId = ''
  batch(() => {
    for (const topic of Object.values(heard)) topic.value = {}
    seenPoints.value = []
    state.value = 'connecting'
  })
}

function open(): void {
  close()
  source = new EventSource(`/dashboard/api/live${lastId === '' ? '' : `?after=${lastId}`}`)
  for (const name of ['snapshot', 'change', 'points', 'beat']) source.addEventListener(name, listen)
  source.onerror = () => reopen()
  waitForWord()
}

function close(): void {
  clearTimeout(silence)
  source?.close()
  source = undefined
}

/** Its own way of coming back gives up at the first refusal, and does not notice a line that is dead. */
function reopen(): void {
  close()
  state.value = 'lost'
  const wait = AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)] ?? 5_000
  failures += 1
  clearTimeout(again)
  again = window.setTimeout(() => {
    void probe?.()
    open()
  }, wait)
}

function waitForWord(): void {
  clearTimeout(silence)
  silence = window.setTimeout(reopen, SILENCE_MS)
}

function listen(event: MessageEvent<string>): void {
  lastId = event.lastEventId
  failures = 0
  waitForWord()
  const data = JSON.parse(event.data)
  batch(() => {
    state.value = 'open'
    if (event.type === 'snapshot') {
      for (const [name, value] of Object.entries<TopicValue>(data.topics)) take(name, value)
      seenPoints.value = data.points
    } else if (event.type === 'change') take(data.topic, data.value)
    else if (event.type === 'points') addPoints(data)
  })
}

function take(name: string, value: TopicValue): void {
  const topic = (heard as Record<string, Signal<Heard<unknown>>>)[name]
  if (topic === undefined) return
  // What was known before is still worth seeing, as long as the page says that it is old.
  topic.value = value.ok ? { data: value.data } : { ...topic.value, problem: value.problem }
}

function addPoints(more: readonly TrafficPoint[]): void {
  const last = seenPoints.value.at(-1)?.at ?? 0
  const fresh = more.filter(({ at }) => at > last)
  if (fresh.length > 0) seenPoints.value = [...seenPoints.value, ...fresh].slice(-MOST_POINTS)
}

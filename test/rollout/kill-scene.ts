import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, vi } from 'vitest'
import type { Side } from '../../strangler/core/words.ts'
import { type CutoverStand, fillCopy, type StandOptions, startCutoverStand } from './cutover-stand.ts'
import { KILL_LOAD } from './kill-moments.ts'
import { longestSilence } from './longest-silence.ts'
import type { CoordinatorTask } from './programs/coordinator.ts'
import { startWriteLoad, type WriteLoad } from './write-load.ts'
import { MOST_WIDENING, startYardstick } from './yardstick.ts'

const PROGRAM = new URL('programs/coordinator.ts', import.meta.url).pathname
/** What the design promises of a machine that is not starved. */
const WITHIN_MS = 5_000

type Blow = (coordinator: ChildProcess) => Promise<unknown>

/** A cut-over that goes wrong at a moment of somebody's choice, under writes. */
export interface KillScene {
  readonly stand: CutoverStand
  readonly load: WriteLoad
  /** Addresses of proxies that were killed: what was in flight there may have failed. */
  readonly killed: Set<string>
  ownerNow(): Promise<Side>
  lines(): Promise<string[]>
  /** Lets a coordinator come to `at`, has `hit` happen there, and waits until somebody has ended the cut-over. */
  strike(at: string, hit: Blow): Promise<Struck>
  expectWhole(): Promise<void>
  /** Every write that was confirmed is there once, and nothing but what may fail has failed. */
  expectAllWrites(): Promise<void>
  stop(): Promise<void>
}

export interface Struck {
  readonly to: Side
  readonly coordinator: ChildProcess
  /** It may go on after the writes were let go: with another attempt, where it was merely late. */
  readonly ended: Promise<unknown[]>
  readonly said: () => string
}

/** How long it took until writes flowed again. */
interface Recovery {
  readonly at: string
  /** From the blow until the line of the journal that lets the writes go. */
  readonly heldMs: number
  /** What the clients saw of it. */
  readonly silentMs: number
}

export async function openKillScene(options: StandOptions): Promise<KillScene> {
  const stand = await startCutoverStand(KILL_LOAD.proxies, { isApart: true, ...options })
  await fillCopy(stand)
  const load = startWriteLoad(stand.proxyUrl, KILL_LOAD.perSecond)
  const killed = new Set<string>()
  const recoveries: Recovery[] = []
  const { ownerNow, lines } = readJournal(stand)
  return {
    stand,
    load,
    killed,
    ownerNow,
    lines,
    async strike(at, hit) {
      const begun = await reach(stand, at)
      const { recovery, slowness } = await recoverFrom({ stand, load, begun, hit })
      recoveries.push(recovery)
      expectSoon(recovery, slowness)
      return begun
    },
    async expectWhole() {
      const side = await ownerNow()
      expect((await stand.admin.holds()).holds).toEqual([])
      const before = load.added.size
      await vi.waitFor(() => expect(load.added.size).toBeGreaterThan(before + 5), {
        timeout: 30_000,
        interval: 50,
      })
      await expect(stand.run(side === 'monolith' ? 'service' : 'monolith', 'stray')).rejects.toThrow(
        /strangler/i,
      )
    },
    async expectAllWrites() {
      await load.stop()
      const rows = await stand.settle()
      const found = new Map(rows.map(({ number, hits }) => [number, hits]))
      expect([...load.added].filter((number) => !found.has(number))).toEqual([])
      expect(rows.map(({ number }) => number).filter((number) => !load.isOurs(number))).toEqual([])
      for (const [number, hits] of load.hits) {
        expect(found.get(number)).toBeGreaterThanOrEqual(hits)
        expect(found.get(number)).toBeLessThanOrEqual(load.tried.get(number) ?? 0)
      }
      const mayFail = (failure: string) =>
        /^503 retry-after \d/.test(failure) || [...killed].some((url) => failure.endsWith(` at ${url}`))
      expect(load.failures.filter((failure) => !mayFail(failure))).toEqual([])
      process.stdout.write(`${JSON.stringify(summary(options.kind ?? 'postgres', recoveries))}\n`)
      expectMostSoon(recoveries)
    },
    async stop() {
      await load.stop()
      await stand.stop()
    },
  }
}

type Line = { readonly at: string; readonly event: { readonly kind: string } }

interface Begun extends Struck {
  readonly at: string
}

/** The client of the admin API is asked for each time: a kit that was started again has another one. */
function readJournal(stand: Pick<CutoverStand, 'admin'>) {
  const newest = async (limit: number) => (await stand.admin.history({ limit })).entries
  return {
    newest,
    lines: async () => (await newest(8)).map(({ version, event }) => `${event.kind} ${version}`),
    async ownerNow(): Promise<Side> {
      const changed = (await newest(1_000)).flatMap(({ event }) =>
        event.kind === 'owner.changed' ? [event.owner] : [],
      )
      return changed[0] ?? 'monolith'
    },
  }
}

/** A coordinator that stands at `at`. On a starved machine one may be undone before it comes so far: then the next one is struck. */
async function reach(stand: CutoverStand, at: string): Promise<Begun> {
  for (let attempt = 1; ; attempt += 1) {
    const to: Side = (await readJournal(stand).ownerNow()) === 'monolith' ? 'service' : 'monolith'
    const { reached, ...begun } = begin({ urls: stand.urls, to, at })
    if (await reached) return { ...begun, at, to }
    if (attempt === 6) throw new Error(`It ended before it came to "${at}": ${begun.said()}`)
  }
}

interface Strike {
  readonly stand: CutoverStand
  readonly load: WriteLoad
  readonly begun: Begun
  readonly hit: Blow
}

/** The blow, and how long it took from there. @returns with the slowness of the machine meanwhile */
async function recoverFrom({ stand, load, begun, hit }: Strike) {
  const { at, coordinator, said } = begun
  const { newest } = readJournal(stand)
  const yardstick = startYardstick()
  const struckAt = Date.now()
  await hit(coordinator)
  if (coordinator.exitCode === null) coordinator.stdin?.write('go\n')
  // Another attempt may have begun since.
  const end = await vi.waitFor(() => findEnd(newest(20), struckAt, said), { timeout: 40_000, interval: 50 })
  const endedAt = Date.parse(end.at)
  const readSilence = () => {
    const { written } = load
    const silentMs = longestSilence({ written, urls: stand.proxyUrls(), struckAt, endedAt })
    if (silentMs === undefined) throw new Error('A proxy that lives confirms no write.')
    return silentMs
  }
  const silentMs = await vi.waitFor(readSilence, { timeout: 30_000, interval: 20 })
  return { recovery: { at, heldMs: endedAt - struckAt, silentMs }, slowness: yardstick.stop() }
}

/** @param slowness of the machine meanwhile, by the yardstick */
function expectSoon(recovery: Recovery, slowness: number): void {
  const withinMs = WITHIN_MS * Math.min(MOST_WIDENING, slowness)
  const found = `${JSON.stringify(recovery)} on a machine that was ${slowness.toFixed(1)} times too slow`
  expect(Math.max(recovery.heldMs, recovery.silentMs), found).toBeLessThan(withinMs)
}

/** Not widened: whatever the machine does to one of them, it does not to most. */
function expectMostSoon(recoveries: readonly Recovery[]): void {
  const silences = recoveries.map(({ silentMs }) => silentMs).toSorted((one, other) => one - other)
  expect(silences[Math.floor(silences.length / 2)]).toBeLessThan(WITHIN_MS)
}

/** The first line after the blow that lets the writes go. */
async function findEnd(newest: Promise<readonly Line[]>, since: number, said: () => string): Promise<Line> {
  const ends = (await newest).filter(
    ({ at, event }) => /^hold\.(released|aborted)$/.test(event.kind) && Date.parse(at) >= since,
  )
  const end = ends.at(-1)
  expect(end, said()).toBeDefined()
  return end!
}

function begin(task: CoordinatorTask) {
  const coordinator = spawn(process.execPath, [PROGRAM, JSON.stringify(task)], { stdio: 'pipe' })
  let said = ''
  const ended = once(coordinator, 'exit')
  const reached = new Promise<boolean>((resolve) => {
    for (const stream of [coordinator.stdout, coordinator.stderr])
      createInterface(stream).on('line', (line) => {
        said += `${line}\n`
        if (line === 'reached') resolve(true)
      })
    void ended.then(() => resolve(false))
  })
  return { coordinator, ended, reached, said: () => said }
}

/** The longest of both, of all that were struck. */
function summary(kind: string, recoveries: readonly Recovery[]) {
  const longest = (of: (one: Recovery) => number) =>
    recoveries.toSorted((one, other) => of(other) - of(one))[0]
  return {
    kind,
    struck: recoveries.length,
    longestHold: longest(({ heldMs }) => heldMs),
    longestSilence: longest(({ silentMs }) => silentMs),
  }
}

import { checkConfig } from '../../strangler/config/define-config.ts'
import type { Config, ConfigInput } from '../../strangler/config/schema.ts'
import type { JournalEntry, JournalEvent, RouteState } from '../../strangler/core/words.ts'
import { compileTable, type RouteTable } from '../../strangler/routing/compile-table.ts'
import { EMPTY_STATE, foldJournal } from '../../strangler/routing/fold-journal.ts'
import type { RequestIdentity } from '../../strangler/routing/identity.ts'

type Capability = NonNullable<ConfigInput['capabilities']>[string]
type Endpoints = Capability['endpoints']

/** A configuration with one capability, `inventory`. */
export function configOf(endpoints: Endpoints, rest: Partial<Capability> = {}): Config {
  return checkConfig({
    sides: { monolith: 'http://127.0.0.1:1', inventory: 'http://127.0.0.1:2' },
    capabilities: { inventory: { ...rest, endpoints } },
  })
}

/** The table of such a configuration after some decisions. */
export function tableOf(
  endpoints: Endpoints,
  rest: Partial<Capability> = {},
  events: JournalEvent[] = [],
): RouteTable {
  return compileTable(configOf(endpoints, rest), stateOf(events))
}

/** The fold of some decisions. */
export function stateOf(events: readonly JournalEvent[]): RouteState {
  return foldJournal(EMPTY_STATE, events.map(toEntry))
}

export function toEntry(event: JournalEvent, index: number): JournalEntry {
  return { version: index + 1, at: '2026-01-01T00:00:00.000Z', by: 'operator:test', event }
}

/** An identity that carries nothing but what is given. */
export function identityOf(
  marks: {
    headers?: Record<string, string>
    cookies?: Record<string, string>
    claims?: Record<string, string>
    kit?: string
    address?: string
  } = {},
): RequestIdentity {
  return {
    header: (name) => marks.headers?.[name],
    cookie: (name) => marks.cookies?.[name],
    claim: (name) => marks.claims?.[name],
    kitCookie: () => marks.kit,
    address: marks.address ?? '192.0.2.1',
  }
}

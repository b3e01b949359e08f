import { InvalidArgumentError } from 'commander'
import { nearestNames } from '../core/nearest-names.ts'
import type { ModeSetting } from '../core/words.ts'

/** What people write for a mode: `monolith`, `shadow`, `service`, `canary=25` (percent, two decimals at most). */
export function parseMode(text: string): ModeSetting {
  if (text === 'monolith' || text === 'shadow' || text === 'service') return { mode: text }
  const percent = /^canary=(\d{1,3}(?:\.\d{1,2})?)%?$/.exec(text)?.[1]
  if (percent !== undefined && Number(percent) <= 100) return { mode: 'canary', percent: Number(percent) }
  throw new InvalidArgumentError('A mode is monolith, shadow, service, or canary=PERCENT, e.g. canary=25.')
}

export function showMode(setting: ModeSetting): string {
  return setting.mode === 'canary' ? `canary=${setting.percent}` : setting.mode
}

/** As Commander's own `choices`, with a guess at what was meant. */
export function parseChoice<T extends string>(text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text)
  if (found !== undefined) return found
  const [nearest] = nearestNames(text, choices)
  const guess = nearest === undefined ? '' : `\n(Did you mean ${nearest}?)`
  throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.${guess}`)
}

export function parseWhole(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number.')
}

export function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new InvalidArgumentError('A port is a whole number from 0 to 65535; 0 takes a free one.')
}

export function parseWorkers(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 1 to 999.')
}

/** `5s`, `1500ms`, or milliseconds. */
export function parseDurationMs(text: string): number {
  const [, amount, unit] = /^(\d{1,6})(ms|s)?$/.exec(text) ?? []
  if (amount === undefined) throw new InvalidArgumentError('It must be a duration like 5s or 1500ms.')
  return Number(amount) * (unit === 's' ? 1_000 : 1)
}

/** Collects `--header name:value`, given any number of times. */
export function collectHeader(text: string, collected: Record<string, string>): Record<string, string> {
  const colon = text.indexOf(':')
  if (colon < 1) throw new InvalidArgumentError('A header is name:value.')
  return { ...collected, [text.slice(0, colon).trim()]: text.slice(colon + 1).trim() }
}

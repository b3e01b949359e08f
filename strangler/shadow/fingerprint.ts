import { createHash } from 'node:crypto'
import type { Config } from '../config/schema.ts'

/** A hash of what a capability is compared as: its sides, endpoints, tables, mappings and rules. Counters of another one are others. */
export function fingerprintOf(config: Config, capability: string): string {
  const settings = config.capabilities[capability]
  const sides = ['monolith', settings?.service ?? capability].map((name) => config.sides[name]?.url)
  const { compare } = config
  const text = JSON.stringify({ settings, sides, compare }, (_key, value: unknown) =>
    typeof value === 'function' ? String(value) : value,
  )
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

import { type CompiledRules, compileRules, joinRules } from '../compare/compile-rules.ts'
import type { CompareRulesConfig, Config } from '../config/schema.ts'
import type { CompareRules } from '../core/compare-words.ts'

/** The rules of an endpoint, compiled once. */
export type RulesFor = (capability: string, endpoint: string) => CompiledRules

export function createRulesFor(config: Config): RulesFor {
  const compiled = new Map<string, CompiledRules>()
  return (capability, endpoint) => {
    const present = compiled.get(endpoint)
    if (present !== undefined) return present
    const made = compileRules(rulesOf(config, capability, endpoint))
    compiled.set(endpoint, made)
    return made
  }
}

/** The rules of an endpoint: those of its capability, its own behind them, and the addresses of both sides. */
export function rulesOf(config: Config, capability: string, endpoint: string): CompareRules {
  const settings = config.capabilities[capability]
  const own = settings?.endpoints.find((one) => normalise(one.endpoint) === endpoint)?.compare
  const service = settings?.service ?? capability
  const baseUrls = ['monolith', service].flatMap((name) => config.sides[name]?.url ?? [])
  return joinRules(joinRules({ baseUrls }, given(settings?.compare)), given(own))
}

/** As the route table names an endpoint: `get  /x` is `GET /x`. */
function normalise(endpoint: string): string {
  const [method = '', ...rest] = endpoint.trim().split(/\s+/)
  return [method.toUpperCase(), ...rest].join(' ')
}

/** A key that is left out is not there, for whoever asks whether it is. */
function given(rules: CompareRulesConfig | undefined): CompareRules {
  return Object.fromEntries(Object.entries(rules ?? {}).filter(([, value]) => value !== undefined))
}

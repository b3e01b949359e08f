import type { z } from 'zod'
import { docsPath } from '../core/docs-path.ts'
import { StranglerError } from '../core/errors.ts'
import { nearestNames } from '../core/nearest-names.ts'
import { knownKeys } from './known-keys.ts'
import { type Config, type ConfigInput, configSchema } from './schema.ts'

/** Types the object that `strangler.config.ts` exports by default. It is checked when the kit starts, not here. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config
}

/**
 * Checks a configuration and fills in the defaults.
 * @param source the name of the file, for messages
 * @throws StranglerError STRANGLER_CONFIG_INVALID naming the key, the value and the mend
 */
export function checkConfig(input: unknown, source = 'strangler.config.ts'): Config {
  const parsed = configSchema.safeParse(input)
  if (!parsed.success) throw invalid(source, parsed.error.issues, input)
  const config = parsed.data
  if (config.sides['monolith'] === undefined) {
    throw new StranglerError(
      'STRANGLER_CONFIG_INVALID',
      `\`sides.monolith\` is missing in ${source}: every request that no capability names goes there.`,
      { fix: "Add `sides: { monolith: 'http://127.0.0.1:3000' }`." },
    )
  }
  for (const [name, capability] of Object.entries(config.capabilities)) {
    const service = capability.service ?? name
    if (service === 'monolith' || !Object.hasOwn(config.sides, service)) {
      throw new StranglerError(
        'STRANGLER_CONFIG_INVALID',
        `\`capabilities.${name}\` in ${source} is served by the side "${service}", and \`sides\` has ${Object.keys(config.sides).join(', ')}.`,
        {
          fix: `Add \`sides.${service}\` with the service's address, or set \`capabilities.${name}.service\`.`,
        },
      )
    }
  }
  return config
}

function invalid(source: string, issues: readonly z.core.$ZodIssue[], input: unknown): StranglerError {
  // `endpoint` instead of `endpoints` is both unknown and missing; the unknown one is what somebody has typed.
  const first = issues.find((issue) => issue.code === 'unrecognized_keys') ?? issues[0]
  if (first === undefined) return new StranglerError('STRANGLER_CONFIG_INVALID', `${source} is not valid.`)
  const { steps, value } = findMistake(first, input)
  const key = steps.length === 0 ? 'the default export' : steps.map(String).join('.')
  // A password in an address would go to the log of whoever starts the kit.
  const shown = (JSON.stringify(value) ?? String(value))
    .replace(/([?&]password=)[^&"]*/g, '$1…')
    .replace(/(\/\/?[^:@/"]*):[^"]*@/g, '$1:…@')
    .slice(0, 120)
  const more = issues.length > 1 ? ` ${issues.length - 1} more besides.` : ''
  return new StranglerError(
    'STRANGLER_CONFIG_INVALID',
    `\`${key}\` in ${source} is ${shown}: ${first.message}.${more}`,
    {
      fix: `${suggestKey(first)}Correct \`${key}\`; ${docsPath('reference/config.md')} lists every key.`,
      details: {
        key,
        issues: issues.map((issue) => ({ path: issue.path.map(String).join('.'), message: issue.message })),
      },
    },
  )
}

function suggestKey(issue: z.core.$ZodIssue): string {
  const [typed] = issue.code === 'unrecognized_keys' ? issue.keys : []
  const [nearest] = typed === undefined ? [] : nearestNames(typed, knownKeys(configSchema, issue.path))
  return nearest === undefined ? '' : `Did you mean \`${nearest}\`? `
}

/** The key as it was written, and its value: a short form is one value, although its check has seen the long one. */
function findMistake(issue: z.core.$ZodIssue, input: unknown): { steps: PropertyKey[]; value: unknown } {
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path
  const steps: PropertyKey[] = []
  let value = input
  for (const step of path) {
    if (typeof value !== 'object' || value === null) break
    value = (value as Record<PropertyKey, unknown>)[step]
    steps.push(step)
  }
  return { steps, value }
}

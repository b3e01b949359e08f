import { parseArgs } from 'node:util'
import { z } from 'zod'

const kebab = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const environmentName = (name: string) => kebab(name).replaceAll('-', '_').toUpperCase()

export const urlOf = (...schemes: string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)), {
    error: `must be a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
  })

/** What every service can be told. */
export const commonOptions = {
  databaseUrl: urlOf('postgres', 'postgresql'),
  host: z.string().default('127.0.0.1'),
  /** The shop, directly or through the proxy: its key set, and what else a service asks it. */
  monolithUrl: urlOf('http', 'https').default('http://127.0.0.1:3000'),
  /** Where the key set is when it is not at the shop's own address. */
  jwksUrl: urlOf('http', 'https').optional(),
  /** The shop's database, to copy the first rows from; only into a database that has none. */
  seedFrom: urlOf('postgres', 'postgresql', 'mariadb', 'mysql').optional(),
  /** The kit's worker token: with it the service can run writes dry, and follows who owns its data. */
  stranglerWorkerToken: z.string().min(16).optional(),
  /** The kit's admin API: with it and the token, background work runs only while the service owns its data. */
  stranglerAdminUrl: urlOf('http', 'https').optional(),
  /** The queue that events between services go through; without it none are told or heard. */
  eventQueueUrl: urlOf('redis', 'rediss', 'postgres', 'postgresql').optional(),
  /** The environment's name in the queues of the events: several may have one queue server. */
  stranglerInstallation: z
    .string()
    .regex(/^[\w.-]{1,40}$/)
    .optional(),
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('warn'),
}
export const portOption = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback)
export const buildOption = (fallback: string) =>
  z
    .string()
    .regex(/^[\w.-]{1,60}$/)
    .default(fallback)

export const jwksUrlOf = (options: { monolithUrl: string; jwksUrl?: string | undefined }) =>
  options.jwksUrl ?? new URL('/.well-known/jwks.json', options.monolithUrl).href

/** Thrown with one line per option that is wrong. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError'
}

/** Fills in the defaults; throws OptionsError naming each option that does not fit, and what would. */
export function resolveOptions<T extends z.ZodType>(service: string, schema: T, given: unknown): z.output<T> {
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const lines = result.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? '')
    return `  --${kebab(name)} (or ${environmentName(name)}): ${issue.message}`
  })
  throw new OptionsError(`The ${service} service cannot start with these options:\n${lines.join('\n')}`)
}

/** Reads `--database-url x`, or DATABASE_URL from the environment, for every option of the schema. */
export function readOptions(schema: z.ZodObject, args: string[], environment: NodeJS.ProcessEnv) {
  const names = Object.keys(schema.shape)
  const known = Object.fromEntries(names.map((name) => [kebab(name), { type: 'string' as const }]))
  const values = parseStrictly(args, known)
  const given: Record<string, unknown> = {}
  for (const name of names) {
    const value = values[kebab(name)] ?? environment[environmentName(name)]
    if (value !== undefined && value !== '') given[name] = value
  }
  return given
}

function parseStrictly(args: string[], options: Record<string, { type: 'string' }>) {
  try {
    return parseArgs({ args, options, strict: true }).values
  } catch (cause) {
    throw new OptionsError((cause as Error).message, { cause })
  }
}

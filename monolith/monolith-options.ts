import { z } from 'zod'
import { DATABASE_SCHEMES } from './database/dialect.ts'

const url = (...schemes: string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)), {
    error: `must be a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
  })

const schema = z
  .object({
    databaseUrl: url(...DATABASE_SCHEMES),
    host: z.string().default('127.0.0.1'),
    port: z.coerce.number().int().min(0).max(65_535).default(3000),
    /** Rows of stock to seed into an empty database. */
    rows: z.coerce.number().int().min(1).max(10_000_000).default(3_000),
    /** How orders and deliveries change the stock: see coupling.ts. */
    coupling: z.enum(['transaction', 'endpoints']).default('transaction'),
    /** Whether the nightly count writes the table itself. */
    nightlyForm: z.enum(['sql', 'endpoints']).default('sql'),
    /** Where the inventory's endpoints are reached in the form `endpoints`: the proxy. */
    inventoryBaseUrl: url('http', 'https').optional(),
    inventoryTimeoutMs: z.coerce.number().int().min(1).max(60_000).default(7_000),
    reportDelayMs: z.coerce.number().int().min(0).max(60_000).default(800),
    reportFailureRate: z.coerce.number().min(0).max(1).default(0.05),
    reservationTtlSeconds: z.coerce.number().int().min(1).max(86_400).default(900),
    /** 0 = never. */
    sweepIntervalMs: z.coerce.number().int().min(0).default(30_000),
    /** 0 = only by command. */
    nightlyIntervalMs: z.coerce.number().int().min(0).default(0),
    webhookSecret: z.string().min(8).default('demo-webhook-secret'),
    /** Whether lists without a promised order really come in none. */
    noise: z.stringbool().or(z.boolean()).default(true),
    build: z
      .string()
      .regex(/^[\w.-]{1,60}$/)
      .default('monolith-1'),
    logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('warn'),
    random: z.custom<() => number>((value) => typeof value === 'function').default(() => Math.random),
  })
  .refine(
    (options) =>
      options.inventoryBaseUrl !== undefined ||
      (options.coupling === 'transaction' && options.nightlyForm === 'sql'),
    {
      path: ['inventoryBaseUrl'],
      error: 'is needed when --coupling or --nightly-form is "endpoints": give the address of the proxy',
    },
  )

export type MonolithOptions = z.input<typeof schema>
export type ResolvedOptions = z.output<typeof schema>

/** Thrown with one line per option that is wrong. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError'
}

const kebab = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** Fills in the defaults; throws OptionsError naming each option that does not fit, and what would. */
export function resolveOptions(given: unknown): ResolvedOptions {
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const lines = result.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? '')
    return `  --${kebab(name)} (or ${kebab(name).replaceAll('-', '_').toUpperCase()}): ${issue.message}`
  })
  throw new OptionsError(`The monolith cannot start with these options:\n${lines.join('\n')}`)
}

export const optionNames: readonly string[] = Object.keys(schema.shape).filter((name) => name !== 'random')

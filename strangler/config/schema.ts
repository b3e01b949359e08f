import { z } from 'zod'
import { compareLimits, compareRules } from './compare-schema.ts'
import { table } from './table-schema.ts'

/** A web address of a side: scheme, host and port, nothing behind it. */
const origin = z
  .string()
  .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
    error: 'is not an address like http://127.0.0.1:3000',
  })
  .refine((value) => !URL.canParse(value) || new URL(value).pathname === '/', {
    error: 'has a path; use `rewritePath` of an endpoint to change paths',
  })

const databaseAddress = z
  .string()
  .refine((value) => /^(postgres(ql)?|mariadb|mysql):\/\/[^/?#]/.test(value) && URL.canParse(value), {
    error: 'is not an address like postgres://user@host:5432/shop or mariadb://user@host:3306/shop',
  })
  .refine((value) => !URL.canParse(value) || new URL(value).pathname.length > 1, {
    error: 'names no database behind the port',
  })

const milliseconds = z.int().min(0).max(86_400_000)
const percent = z.number().min(0).max(100).multipleOf(0.01)

/** How long each part of an exchange may take. 0 means: no deadline. */
const deadlines = z.strictObject({
  /** Until the side has accepted the connection. */
  connectMs: milliseconds.default(2_000),
  /** From the request's end until the answer's headers. */
  headersMs: milliseconds.default(60_000),
  /** From the request's headers in until the answer's end; `text/event-stream` answers and upgrades are exempt. */
  totalMs: milliseconds.default(600_000),
})

/** What a side or an endpoint says otherwise. No defaults here: a key that is left out is the one of the wider place. */
const ownDeadlines = z.strictObject({
  connectMs: milliseconds.optional(),
  headersMs: milliseconds.optional(),
  totalMs: milliseconds.optional(),
})

const side = z.preprocess(
  (value) => (typeof value === 'string' ? { url: value } : value),
  z.strictObject({
    url: origin,
    /** Its database, for the data sync: postgres://… or mariadb://… */
    database: databaseAddress.optional(),
    deadlines: ownDeadlines.optional(),
    /** How its build is told: by a header of its answers (`x-build` by default), or by a GET of a path. */
    build: z
      .strictObject({
        header: z.string().toLowerCase().optional(),
        path: z.string().startsWith('/').optional(),
      })
      .optional(),
    /** The path of its Prometheus metrics, e.g. `/metrics`: the dashboard then shows what it uses of its machine, and what a request costs it. */
    metrics: z.string().startsWith('/').optional(),
    /** Headers of shadow requests to this side that are replaced, or taken out (null): other credentials, above all. */
    shadowHeaders: z.record(z.string().toLowerCase(), z.string().nullable()).optional(),
    /** The `Host` that the side sees: what the client sent (default), or the host of `url`. */
    host: z.enum(['preserve', 'target']).default('preserve'),
    /** Most connections to this side at once; the default is no bound but the clients' own number. */
    maxConnections: z.int().min(1).max(100_000).optional(),
  }),
)

const modeSetting = z.preprocess(
  (value) => {
    const canary = typeof value === 'string' ? /^canary=(\d+(?:\.\d+)?)$/.exec(value) : null
    if (canary) return { mode: 'canary', percent: Number(canary[1]) }
    return typeof value === 'string' ? { mode: value } : value
  },
  z.discriminatedUnion('mode', [
    z.strictObject({ mode: z.enum(['monolith', 'shadow', 'service']) }),
    z.strictObject({ mode: z.literal('canary'), percent }),
  ]),
)

/** The kit decides these itself; set by an endpoint they would be ignored, or split the routing in two. */
export const DECIDED_BY_KIT = [
  ...['target', 'router', 'forward', 'pathFilter', 'ws', 'agent', 'buffer'],
  // httpxy's `timeout` leaks one listener per request, and `proxyTimeout` looks like a reset: use `deadlines`.
  ...['timeout', 'proxyTimeout', 'upgradeTimeout'],
]

const httpProxyMiddleware = z
  .record(z.string(), z.unknown())
  .refine((options) => !DECIDED_BY_KIT.some((key) => key in options), {
    error: `has an option that the kit decides itself (${DECIDED_BY_KIT.join(', ')})`,
  })

const endpoint = z.preprocess(
  (value) => (typeof value === 'string' ? { endpoint: value } : value),
  z.strictObject({
    /** Method and template, e.g. `GET /api/inventory/:sku` (Express 5 syntax). */
    endpoint: z.string(),
    /** Says otherwise than the method: a POST that only searches, a GET that writes. */
    effect: z.enum(['read', 'write']).optional(),
    /** Where requests go until an operator says otherwise. */
    mode: modeSetting.default({ mode: 'monolith' }),
    deadlines: ownDeadlines.optional(),
    /** Prefix replacement on the way to the service, `{ from: '/api/v1', to: '/v2' }`; Location is rewritten back. */
    rewritePath: z
      .strictObject({ from: z.string().startsWith('/'), to: z.string().startsWith('/') })
      .optional(),
    /** Options of http-proxy-middleware; an endpoint that has them is forwarded by it instead of undici. */
    httpProxyMiddleware: httpProxyMiddleware.optional(),
    /** Beside the rules of its capability. */
    compare: compareRules.optional(),
    /** A write is shadowed only where its service can run it dry, with `strangler-kit/service`. */
    shadowWrites: z.literal('dry-run').optional(),
  }),
)

const targetingRule = z.strictObject({
  /** All the conditions given must hold. Header and cookie names are compared without case, values exactly. */
  header: z.strictObject({ name: z.string(), value: z.string() }).optional(),
  cookie: z.strictObject({ name: z.string(), value: z.string() }).optional(),
  /** The claim of the bearer token that names the tenant, and the tenants. The signature is the side's to check. */
  tenant: z.strictObject({ claim: z.string(), in: z.array(z.string()).min(1) }).optional(),
  /** Client addresses as CIDR blocks. */
  address: z.array(z.string()).min(1).optional(),
  target: z.enum(['monolith', 'service']),
})

const capability = z.strictObject({
  /** The side that is its service; the capability's own name by default. */
  service: z.string().optional(),
  endpoints: z.array(endpoint).min(1),
  /** The tables that it owns. With tables, a toggle that would split the ownership of the data is refused. */
  tables: z.array(table).default([]),
  /** Who may write to its tables in the monolith's database, since the proxy sees it, or in spite of that. Others are a finding. */
  writers: z
    .array(
      z.strictObject({
        /** The database's user; of MariaDB with or without its host: `shop`, `shop@10.0.0.7`. */
        role: z.string().min(1),
        /** PostgreSQL's application_name; any, when it is left out. */
        application: z.string().optional(),
        because: z.string().min(1),
      }),
    )
    .default([]),
  /** Who writes the copy: the kit, or the service itself with `createSyncApplier` of `strangler-kit/service`. */
  applier: z.enum(['kit', 'service']).default('kit'),
  /** What marks a user for the sticky canary: the first that a request carries. */
  unit: z
    .strictObject({
      header: z.string().optional(),
      cookie: z.string().optional(),
      claim: z.string().optional(),
    })
    .default({}),
  targeting: z.array(targetingRule).default([]),
  /** What the answers of the two sides may differ in. */
  compare: compareRules.optional(),
  /** How many of the exchanges that may be compared are; 0 turns the comparison off. */
  shadowPercent: percent.default(100),
  /** Canary reads go to the owner while the copy is older than this. */
  maxStalenessMs: milliseconds.default(5_000),
})

/** Names of sides and capabilities. What every object has by birth (`constructor`) would be found where nothing was set. */
const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/)
  .refine((text) => !(text in {}), { error: 'is a name that JavaScript objects have already' })

export const configSchema = z.strictObject({
  /** The monolith and every service, by name. `monolith` is required. */
  sides: z.record(name, side),
  capabilities: z.record(name, capability).default({}),
  proxy: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(8_080),
      /** Proxies in front of this one whose X-Forwarded-* and Forwarded are believed (addresses or CIDR blocks). */
      trustedProxies: z.array(z.string()).default([]),
      deadlines: deadlines.prefault({}),
      /** Adds x-strangler-target, -reason, -endpoint and -table-version to answers. */
      debugHeaders: z.boolean().default(false),
      /** How long SIGTERM waits for requests in flight. */
      drainMs: milliseconds.default(30_000),
      /** How long an upgraded connection may live on after its endpoint was flipped. */
      upgradeDrainMs: milliseconds.default(30_000),
      accessLog: z.boolean().default(true),
    })
    .prefault({}),
  hold: z
    .strictObject({
      /** The longest that one write waits. */
      maxWaitMs: milliseconds.default(5_000),
      /** How many writes may wait at once, per capability. */
      maxWaiting: z.int().min(0).max(100_000).default(1_000),
    })
    .prefault({}),
  admin: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(8_081),
    })
    .prefault({}),
  compare: compareLimits,
  control: z
    .strictObject({
      /** postgres://… of the control database; an embedded one under `.strangler/` when absent. Never the monolith's own. */
      url: z.string().startsWith('postgres').optional(),
    })
    .prefault({}),
  sync: z
    .strictObject({
      /** How often the capture of a running sync is looked at. */
      watchEveryMs: z.int().min(100).max(86_400_000).default(60_000),
      /** How long a transaction that has changed tables of two capabilities counts after it was seen last: longer than the rarest such job rests. */
      coupledForMs: milliseconds.default(3_600_000),
      /** When a backfill waits. */
      backfill: z
        .strictObject({
          /** The oldest live change may be so old; 0: however old. */
          maxLagMs: milliseconds.default(30_000),
          /** So many live changes may be on their way. */
          maxInFlight: z.int().min(1).max(8_000).default(4_000),
          /** So many jobs of live changes and results may wait in the queue. */
          maxQueuedJobs: z.int().min(1).max(1_000_000).default(1_000),
          /** So many sessions besides the kit's may be at work in either database. */
          maxActiveSessions: z.int().min(0).max(100_000).optional(),
          /** Queries of your own; the first value of the first row must not be above the number. */
          queries: z
            .array(
              z.strictObject({
                side: z.enum(['monolith', 'service']),
                query: z.string().min(1).max(4_000),
                above: z.number(),
              }),
            )
            .max(10)
            .default([]),
          /** While this file is there; relative to `directory`. */
          flagFile: z.string().min(1).default('throttle'),
        })
        .prefault({}),
    })
    .prefault({}),
  redis: z.strictObject({ url: z.string().startsWith('redis').optional() }).prefault({}),
  /** What the gates of the guide ask for besides. */
  gates: z
    .strictObject({
      /** The share of the shapes of requests that must have been compared three times before users read from the service. */
      shapesCovered: z.number().gt(0).max(1).optional(),
    })
    .prefault({}),
  /** Allows the gate profile `demo`, whose windows are too short and whose bounds are too wide for real users. */
  demo: z.boolean().default(false),
  /** Where the kit keeps its files: last good table, tokens, embedded database. */
  directory: z.string().default('.strangler'),
})

/** What a person writes in `strangler.config.ts`. */
export type ConfigInput = z.input<typeof configSchema>

/** The checked configuration, every default filled in. */
export type Config = z.output<typeof configSchema>
export type CapabilityConfig = Config['capabilities'][string]
export type SideConfig = Config['sides'][string]
export type Deadlines = Config['proxy']['deadlines']
export type CompareRulesConfig = z.output<typeof compareRules>
export type TargetingRule = CapabilityConfig['targeting'][number]

import { z } from 'zod'

/** A path glob; whether it is one is checked where it is compiled. */
const path = z.string().min(1)

/** What the answers of the two sides may differ in: `CompareRules` of core/compare-words.ts. */
export const compareRules = z.strictObject({
  ignore: z.array(path).optional(),
  /** Order means nothing; `keyedBy` names the member by which entries belong together. */
  lists: z.array(z.strictObject({ path, keyedBy: z.string().min(1).optional() })).optional(),
  numbers: z.array(z.strictObject({ path, within: z.number().min(0) })).optional(),
  dates: z.array(z.strictObject({ path, withinMs: z.number().min(0) })).optional(),
  /** `uuid`, `timestamp`, or a regular expression for the whole value. */
  placeholders: z.array(z.strictObject({ path, pattern: z.string().min(1).max(1_000) })).optional(),
  /** Addresses besides those of `sides` that are taken out of texts. */
  baseUrls: z.array(z.string().min(1)).optional(),
  nullIsAbsent: z.boolean().optional(),
  /** Instead of the default ones. */
  headers: z.array(z.string().min(1)).optional(),
  /** Ids that each side makes by itself: in bodies, in `header:location`, and in requests at `param:id`, `query:id`, `request:$.id`. */
  aliases: z.array(z.strictObject({ path, of: z.string().min(1), learn: z.boolean().optional() })).optional(),
  /** Where no difference is ever noise. */
  neverNoise: z.array(path).optional(),
  mask: z.array(path).optional(),
})

/** What the comparison may take of a process. */
export const compareLimits = z
  .strictObject({
    /** The longest body that is copied, of a request and of an answer each. */
    maxBodyBytes: z.int().min(0).max(67_108_864).default(1_048_576),
    /** All copies together, per process. */
    maxHeldBytes: z.int().min(0).max(4_294_967_296).default(67_108_864),
    /** Shadow requests at once to one side, and how many may wait. */
    concurrency: z.int().min(1).max(1_000).default(32),
    maxWaiting: z.int().min(0).max(100_000).default(512),
    /** The longest that a shadow is waited for; less where the primary is quick. */
    timeoutMs: z.int().min(50).max(60_000).default(5_000),
    /** Whether less is compared while the thread that serves has to wait for processors. */
    giveWay: z.boolean().default(true),
  })
  .prefault({})

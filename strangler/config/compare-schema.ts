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
  /** Ids that each side makes by itself. */
  aliases: z.array(z.strictObject({ path, of: z.string().min(1), learn: z.boolean().optional() })).optional(),
  mask: z.array(path).optional(),
})

import { z } from 'zod'

/** A row by column names, every value as canonical text. */
type RowTexts = Readonly<Record<string, string | null>>

const convertRow = z.custom<(row: RowTexts) => RowTexts>((value) => typeof value === 'function', {
  error: 'is not a function from a row to a row',
})

const guard = z
  .strictObject({ mode: z.enum(['reject', 'report']), because: z.string().min(1).optional() })
  .refine(({ mode, because }) => mode === 'reject' || because !== undefined, {
    error: "lets stray writes pass, so it needs a reason: guard: { mode: 'report', because: '…' }",
  })

/** One table that a capability owns. */
export const table = z.preprocess(
  (value) => (typeof value === 'string' ? { table: value } : value),
  z.strictObject({
    /** Its name in the monolith. */
    table: z.string().min(1),
    /** Its name in the service; the same by default. */
    as: z.string().min(1).optional(),
    /** Monolith column → service column, or null: not synced. Columns that are not named keep their name. */
    columns: z.record(z.string(), z.string().nullable()).optional(),
    /** Columns of the service only, with the canonical text that they always have. */
    constants: z.record(z.string(), z.string().nullable()).optional(),
    /** Further columns of the service from the monolith's row, and back. */
    map: convertRow.optional(),
    unmap: convertRow.optional(),
    /** What becomes of a write by the side that does not own it: refused, or kept with its images and let pass. */
    guard: guard.optional(),
    /** The PostgreSQL schema in which it stands, in both databases; `public` by default. */
    schema: z.string().min(1).optional(),
  }),
)

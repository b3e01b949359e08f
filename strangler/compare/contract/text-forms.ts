/** The forms of texts that a contract may ask for. A text has as many as fit it; most have none. */
export const FORMATS = ['date', 'date-time', 'email', 'uuid'] as const
export type Format = (typeof FORMATS)[number]

const PATTERNS: Readonly<Record<Format, RegExp>> = {
  date: /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/,
  'date-time':
    /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)$/i,
  email: /^[^\s@]{1,64}@[^\s@.]+(?:\.[^\s@.]+)+$/,
  uuid: /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
}

/** Longer texts have no form, and are not looked through for one. */
const LONGEST = 320

export function hasFormat(text: string, format: Format): boolean {
  return text.length <= LONGEST && PATTERNS[format].test(text)
}

export function formatsOf(text: string): readonly Format[] {
  return FORMATS.filter((format) => hasFormat(text, format))
}

/** What a text in a path or query may be read as; the narrowest that fits. */
export function scalarTypeOf(text: string): 'integer' | 'number' | 'boolean' | 'string' {
  if (text.length > LONGEST) return 'string'
  // A leading zero or plus belongs to a code, not to a number.
  if (/^-?(?:0|[1-9]\d{0,15})$/.test(text)) return 'integer'
  if (/^-?(?:0|[1-9]\d{0,15})\.\d{1,20}$/.test(text)) return 'number'
  return text === 'true' || text === 'false' ? 'boolean' : 'string'
}

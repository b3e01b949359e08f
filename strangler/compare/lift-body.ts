import { createHash } from 'node:crypto'
import type { SkipReason } from '../core/compare-words.ts'
import { type DecodedText, decodeText } from './decode-text.ts'
import { liftJson } from './lift-json.ts'
import { liftMarkup } from './lift-markup.ts'
import { type BodyFormat, formatOf, type MediaType, parseMediaType } from './media-type.ts'
import { splitMultipart } from './split-multipart.ts'

/** A body as something that can be walked. */
export type LiftedBody =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'undecodable'; readonly because: string }
  | { readonly kind: 'skipped'; readonly reason: SkipReason }

/** What is between the text's bytes and the value, by format. */
export function liftBody(bytes: Uint8Array, type: MediaType): LiftedBody {
  const format = formatOf(type)
  if (format === 'bytes') return liftBytes(bytes)
  if (format === 'multipart') return liftMultipart(bytes, type)
  const decoded = decodeText(bytes, type.parameters['charset'])
  if (decoded === undefined) return { kind: 'undecodable', because: 'it is not of the charset that it names' }
  return liftText(format, decoded)
}

function liftText(format: BodyFormat, { text, utf8 }: DecodedText): LiftedBody {
  switch (format) {
    case 'json':
      return liftJson(text, utf8)
    case 'json-lines':
      return liftJsonLines(text)
    case 'html':
    case 'xml':
      return liftMarkup(text, format)
    case 'form':
      return { kind: 'value', value: liftForm(text) }
    default:
      return { kind: 'value', value: text }
  }
}

function liftJsonLines(text: string): LiftedBody {
  const values: unknown[] = []
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const lifted = liftJson(line)
    if (lifted.kind !== 'value') return lifted
    values.push(lifted.value)
  }
  return { kind: 'value', value: values }
}

/** A field that stands once is a text, one that stands more often a list of them. */
function liftForm(text: string): unknown {
  const fields = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(text)) {
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [value])
    else values.push(value)
  }
  return Object.fromEntries(
    [...fields].map(([name, values]) => [name, values.length > 1 ? values : values[0]]),
  )
}

function liftMultipart(bytes: Uint8Array, { parameters }: MediaType): LiftedBody {
  const parts = splitMultipart(bytes, parameters['boundary'] ?? '')
  if (parts === undefined) return { kind: 'undecodable', because: 'it is not what its boundary says' }
  const values: unknown[] = []
  for (const { headers, body } of parts) {
    const type = parseMediaType(headers['content-type'] ?? 'text/plain')
    // A multipart inside a multipart is as bytes: nothing bounds how deep they would go.
    const lifted = formatOf(type) === 'multipart' ? liftBytes(body) : liftBody(body, type)
    if (lifted.kind === 'skipped') return lifted
    values.push({ headers, body: lifted.kind === 'value' ? lifted.value : liftBytes(body).value })
  }
  return { kind: 'value', value: values }
}

/** Bytes that nothing is known of are compared by their length and hash. */
export function liftBytes(bytes: Uint8Array): { kind: 'value'; value: unknown } {
  return {
    kind: 'value',
    value: { length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
  }
}

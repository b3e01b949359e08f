/** A Content-Type, read. */
export interface MediaType {
  /** `type/subtype` in small letters; empty when there is none. */
  readonly essence: string
  readonly parameters: Readonly<Record<string, string>>
}

/** How a body is read. */
export type BodyFormat = 'json' | 'json-lines' | 'html' | 'xml' | 'form' | 'text' | 'multipart' | 'bytes'

const PARAMETER = /;\s*([\w!#$&^.+-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g

export function parseMediaType(header: string | undefined): MediaType {
  const end = header?.search(/[;,]/) ?? -1
  const essence = end < 0 ? (header ?? '') : (header ?? '').slice(0, end)
  const parameters: Record<string, string> = Object.create(null)
  if (header === undefined || !header.includes(';'))
    return { essence: essence.trim().toLowerCase(), parameters }
  for (const [, name = '', quoted, plain] of header.slice(0, 1_000).matchAll(PARAMETER)) {
    parameters[name.toLowerCase()] = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? ''
  }
  return { essence: essence.trim().toLowerCase(), parameters }
}

export function formatOf({ essence }: MediaType): BodyFormat {
  if (essence === 'application/json' || essence.endsWith('+json') || essence === 'text/json') return 'json'
  if (/^application\/(x-)?(ndjson|jsonl|json-lines|jsonlines)$/.test(essence)) return 'json-lines'
  if (essence === 'text/html' || essence === 'application/xhtml+xml') return 'html'
  if (essence === 'application/xml' || essence === 'text/xml' || essence.endsWith('+xml')) return 'xml'
  if (essence === 'application/x-www-form-urlencoded') return 'form'
  if (essence.startsWith('multipart/')) return 'multipart'
  return essence.startsWith('text/') || essence === 'application/javascript' ? 'text' : 'bytes'
}

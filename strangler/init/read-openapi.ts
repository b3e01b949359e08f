import { escapeText, parameterName, type SeenEndpoint, shapeOfTemplate } from './seen-endpoint.ts'

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options']
const MOST_ENDPOINTS = 5_000

/** The endpoints of an OpenAPI document (3.x, or Swagger 2.0), in its order. Undefined: it is none. */
export function readOpenApi(document: unknown): SeenEndpoint[] | undefined {
  if (!isRecord(document) || !isRecord(document['paths'])) return undefined
  if (!('openapi' in document) && !('swagger' in document)) return undefined
  const base = basePathOf(document)
  const found = new Map<string, SeenEndpoint>()
  for (const [path, operations] of Object.entries(document['paths'])) {
    if (!path.startsWith('/') || !isRecord(operations)) continue
    const template = toTemplate(base + path)
    for (const method of METHODS) {
      if (!isRecord(operations[method]) || found.size >= MOST_ENDPOINTS) continue
      const endpoint = { method: method.toUpperCase(), template, requests: 0 }
      const shape = `${endpoint.method} ${shapeOfTemplate(template)}`
      if (!found.has(shape)) found.set(shape, endpoint)
    }
  }
  return [...found.values()]
}

/** `/v1` of `https://shop.example/v1`, or Swagger's `basePath`. A server with variables says nothing that can be relied on. */
function basePathOf(document: Record<string, unknown>): string {
  const { servers, basePath } = document
  const [first] = Array.isArray(servers) ? servers : []
  const url = isRecord(first) ? first['url'] : basePath
  if (typeof url !== 'string' || url.includes('{') || !URL.canParse(url, 'http://monolith')) return ''
  const { pathname } = new URL(url, 'http://monolith')
  return pathname.replace(/\/+$/, '')
}

/** `/orders/{order-id}` → `/orders/:orderId`. */
function toTemplate(path: string): string {
  const parts = path.split(/\{([^{}]*)\}/)
  return parts.map((part, index) => (index % 2 === 1 ? `:${parameterName(part)}` : escapeText(part))).join('')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

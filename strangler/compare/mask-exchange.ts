import type { CapturedAnswer, CapturedRequest } from '../core/compare-words.ts'
import type { CompiledRules } from './compile-rules.ts'
import { decodeBody } from './decode-body.ts'
import { liftBody } from './lift-body.ts'
import { maskHeaders } from './mask-headers.ts'
import { MASK, maskTokens } from './mask-tokens.ts'
import { formatOf, parseMediaType } from './media-type.ts'
import { headerValue } from './raw-headers.ts'
import { renderValue } from './render-value.ts'
import { isSecretName } from './secret-names.ts'

/** A request as it may be stored and shown. */
export interface MaskedRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly string[]
  readonly body: string | undefined
}

/** An answer as it may be stored and shown. */
export interface MaskedAnswer {
  readonly status: number
  readonly headers: readonly string[]
  /** JSON text, or text, without its content-encoding; of what nobody can read, length and hash. Cut. */
  readonly body: string
  readonly tookMs: number
}

/** So many characters of a body are kept. */
const KEPT_LENGTH = 64 * 1_024
const MAX_BODY_BYTES = 8 * 2 ** 20

/** Takes secrets and personal data out of a request, before it is stored anywhere. */
export function maskRequest(request: CapturedRequest, rules: CompiledRules): MaskedRequest {
  const { method, target, headers, body } = request
  return {
    method,
    target: maskTarget(target, rules.maskedQuery),
    headers: maskHeaders(headers, rules.maskedHeaders),
    body: body === undefined ? undefined : maskBody(body, headers, rules),
  }
}

/** Takes secrets and personal data out of an answer, before it is stored anywhere. */
export function maskAnswer(
  { status, headers, body, tookMs }: CapturedAnswer,
  rules: CompiledRules,
): MaskedAnswer {
  return {
    status,
    headers: maskHeaders(headers, rules.maskedHeaders),
    body: maskBody(body, headers, rules),
    tookMs,
  }
}

/** Query parameters with secret names lose their values; the rest loses what looks like a credential. */
export function maskTarget(target: string, masked: ReadonlySet<string> = new Set()): string {
  const start = target.indexOf('?')
  if (start < 0) return maskTokens(target)
  const parameters = target
    .slice(start + 1)
    .split('&')
    .map((parameter) => {
      const [name = ''] = parameter.split('=', 1)
      const plain = decodeName(name)
      return isSecretName(plain) || masked.has(plain.toLowerCase())
        ? `${name}=${MASK}`
        : maskTokens(parameter)
    })
  return `${maskTokens(target.slice(0, start))}?${parameters.join('&')}`
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    // Not encoded as it should be: then it is what it looks like.
    return name
  }
}

function maskBody(body: Uint8Array, headers: readonly string[], rules: CompiledRules): string {
  if (body.length === 0) return ''
  const root = rules.tree.root()
  const decoded = decodeBody(body, headerValue(headers, 'content-encoding'), MAX_BODY_BYTES)
  if (decoded.kind !== 'bytes') return describeBytes(body)
  const type = parseMediaType(headerValue(headers, 'content-type'))
  const lifted = liftBody(decoded.bytes, type)
  if (lifted.kind !== 'value') return describeBytes(body)
  const { value } = lifted
  if (typeof value === 'string' && formatOf(type) === 'text') {
    return root.rules.masked ? MASK : maskTokens(value.slice(0, KEPT_LENGTH))
  }
  return renderValue(root, value, KEPT_LENGTH) ?? ''
}

/** What cannot be read cannot be masked either. */
function describeBytes(body: Uint8Array): string {
  return JSON.stringify({ length: body.length })
}

import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { RequestIdentity } from '../routing/identity.ts'

/** The kit's own sticky mark, for clients that carry no other. */
export const KIT_COOKIE = 'strangler_unit'
const KIT_COOKIE_SECONDS = 86_400
const KIT_COOKIE_FORM = /^[A-Za-z0-9_-]{16,64}$/
const LONGEST_TOKEN = 16_384

/** A request's identity, and the cookie it is to be given if the sticky bucket was computed from a new one. */
export interface ProxyIdentity extends RequestIdentity {
  /** The `Set-Cookie` value for the answer; undefined when none is due. */
  readonly setCookie: string | undefined
  /** Whether the client will send back a cookie that it is given. */
  readonly keepsCookies: boolean
  /** Whether it speaks TLS with this proxy. */
  readonly isSecure: boolean
}

/** Reads a request's marks when they are asked for, each once. */
export function createIdentity(req: IncomingMessage, address: string, secure: boolean): ProxyIdentity {
  return new ReadMarks(req, address, secure)
}

class ReadMarks implements ProxyIdentity {
  readonly address: string
  readonly #req: IncomingMessage
  readonly isSecure: boolean
  #cookies: Map<string, string> | undefined
  #claims: Record<string, unknown> | undefined
  #issued: string | undefined

  constructor(req: IncomingMessage, address: string, secure: boolean) {
    this.#req = req
    this.address = address
    this.isSecure = secure
  }

  header(name: string): string | undefined {
    const value = this.#req.headers[name]
    return Array.isArray(value) ? value[0] : value
  }

  cookie(name: string): string | undefined {
    const { cookie } = this.#req.headers
    if (cookie === undefined) return undefined
    this.#cookies ??= parseCookies(cookie)
    return this.#cookies.get(name)
  }

  claim(name: string): string | undefined {
    this.#claims ??= parseClaims(this.#req.headers.authorization)
    const value = this.#claims[name]
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
  }

  kitCookie(): string | undefined {
    const present = this.cookie(KIT_COOKIE)
    if (present !== undefined && KIT_COOKIE_FORM.test(present)) return present
    if (!keepsCookies(this.#req)) return undefined
    this.#issued ??= randomBytes(16).toString('base64url')
    return this.#issued
  }

  get keepsCookies(): boolean {
    return keepsCookies(this.#req)
  }

  get setCookie(): string | undefined {
    if (this.#issued === undefined) return undefined
    return `${KIT_COOKIE}=${this.#issued}; Path=/; Max-Age=${KIT_COOKIE_SECONDS}; HttpOnly; SameSite=Lax${this.isSecure ? '; Secure' : ''}`
  }
}

/**
 * Whether a client will send back a cookie that it is given. A program that does not would be a new user with every request; its
 * address is the better mark.
 */
function keepsCookies({ headers }: IncomingMessage): boolean {
  return (
    headers.cookie !== undefined ||
    headers['sec-fetch-mode'] !== undefined ||
    headers.accept?.includes('text/html') === true
  )
}

function parseCookies(header: string): Map<string, string> {
  const cookies = new Map<string, string>()
  for (const part of header.split(';')) {
    const equals = part.indexOf('=')
    if (equals === -1) continue
    const name = part.slice(0, equals).trim()
    if (!cookies.has(name)) cookies.set(name, part.slice(equals + 1).trim())
  }
  return cookies
}

/** The payload of a bearer JWT, unverified; an empty one for anything else. */
function parseClaims(authorization: string | undefined): Record<string, unknown> {
  const token = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]*)$/i.exec(authorization ?? '')
  if (token === null || (authorization?.length ?? 0) > LONGEST_TOKEN) return {}
  try {
    const claims: unknown = JSON.parse(Buffer.from(token[2] ?? '', 'base64url').toString('utf8'))
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {}
  } catch {
    // Not a JWT after all: the client has no claims. The side that checks the token will say so.
    return {}
  }
}

import type { RequestHandler } from 'express'
import { StranglerError } from '../core/errors.ts'

/** Whether only this machine can reach a server that listens on the host. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

/**
 * A web page may point its own name at 127.0.0.1 and so talk to this server from the victim's browser (DNS rebinding); its
 * requests then carry its own name. On a loopback address only loopback names are answered.
 */
export function guardHost(listenHost: () => string): RequestHandler {
  return (req, _res, next) => {
    if (isLoopbackHost(listenHost()) && !namesLoopback(req.headers.host)) {
      throw new StranglerError(
        'STRANGLER_HOST_REFUSED',
        'The Host header does not name this machine’s loopback address, and the admin API listens only there.',
        { fix: 'Use http://127.0.0.1 or http://localhost with the port, through a tunnel if need be.' },
      )
    }
    next()
  }
}

function namesLoopback(header: string | undefined): boolean {
  if (header === undefined || !URL.canParse(`http://${header}`)) return false
  const { hostname } = new URL(`http://${header}`)
  return isLoopbackHost(hostname.replace(/^\[(.*)\]$/, '$1')) || hostname.endsWith('.localhost')
}

export const setSecurityHeaders: RequestHandler = (_req, res, next) => {
  res.setHeaders(
    new Map([
      ['cache-control', 'no-store'],
      ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
      ['cross-origin-resource-policy', 'same-origin'],
      ['referrer-policy', 'no-referrer'],
      ['x-content-type-options', 'nosniff'],
      ['x-frame-options', 'DENY'],
    ]),
  )
  next()
}

/** A form or a text body needs no preflight from a foreign page; JSON does. */
export const requireJson: RequestHandler = (req, _res, next) => {
  if (req.is('application/json') === 'application/json') return next()
  throw new StranglerError('STRANGLER_NOT_JSON', 'The command has no body of type application/json.', {
    fix: 'Send JSON with `content-type: application/json`.',
  })
}

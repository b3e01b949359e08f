import { randomUUID } from 'node:crypto'
import type { RequestHandler, Response } from 'express'
import type { Logger } from 'pino'

const ACCEPTABLE_ID = /^[\w.:-]{1,100}$/

/**
 * Gives every request an id (the caller's when it sent a sane one) and every answer the build that made it. At the level `info` each
 * leaves a line, with the id by which the proxy in front has logged it too.
 */
export function requestContext(build: string, logger: Logger): RequestHandler {
  return (request, response, next) => {
    const sent = request.get('x-request-id')
    const id = sent !== undefined && ACCEPTABLE_ID.test(sent) ? sent : randomUUID()
    response.locals.requestId = id
    response.set({ 'x-request-id': id, 'x-build': build })
    if (logger.isLevelEnabled('info')) {
      const { method, path } = request
      const correlationId = request.get('x-correlation-id')
      response.once('close', () =>
        logger.info({ method, path, status: response.statusCode, requestId: id, correlationId }, 'request'),
      )
    }
    next()
  }
}

export const requestId = (response: Response): string => String(response.locals.requestId ?? '')

/** What every JSON answer of the shop carries beside its content. */
export function stamp<T extends object>(response: Response, body: T) {
  return { ...body, generatedAt: new Date().toISOString(), requestId: requestId(response) }
}

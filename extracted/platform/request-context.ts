import { randomUUID } from 'node:crypto'
import type { RequestHandler, Response } from 'express'

const ACCEPTABLE_ID = /^[\w.:-]{1,100}$/

/** Gives every request an id (the caller's when it sent a sane one) and every answer the build that made it. */
export function requestContext(build: string): RequestHandler {
  return (request, response, next) => {
    const sent = request.get('x-request-id')
    const id = sent !== undefined && ACCEPTABLE_ID.test(sent) ? sent : randomUUID()
    response.locals.requestId = id
    response.set({ 'x-request-id': id, 'x-build': build })
    next()
  }
}

export const requestId = (response: Response): string => String(response.locals.requestId ?? '')

/** What every JSON answer of the shop carries beside its content. */
export function stamp<T extends object>(response: Response, body: T) {
  return { ...body, generatedAt: new Date().toISOString(), requestId: requestId(response) }
}

import type { ErrorRequestHandler, RequestHandler } from 'express'
import type { Logger } from 'pino'
import { ZodError } from 'zod'
import { requestId } from './request-context.ts'

/** An answer other than 2xx that we chose to give: RFC 9457 problem details with a stable `code`. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(status: number, code: string, detail: string, details: Record<string, unknown> = {}) {
    super(detail)
    this.name = 'Problem'
    this.status = status
    this.code = code
    this.details = details
  }
}

export const notFound = (what: string) => new Problem(404, 'not_found', `${what} does not exist.`)

interface ProblemBody {
  status: number
  code: string
  detail: string
  [detail: string]: unknown
}

function fromZod(error: ZodError): ProblemBody {
  const errors = error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }))
  return { status: 400, code: 'invalid_request', detail: 'The request is not valid.', errors }
}

/** body-parser's and router's own errors carry a status below 500 and are the client's mistakes. */
function isClientError(error: unknown): error is Error & { status: number; type?: string } {
  if (!(error instanceof Error) || !('status' in error)) return false
  return typeof error.status === 'number' && error.status >= 400 && error.status < 500
}

function toBody(error: unknown): ProblemBody {
  if (error instanceof Problem)
    return { ...error.details, status: error.status, code: error.code, detail: error.message }
  if (error instanceof ZodError) return fromZod(error)
  if (isClientError(error)) {
    const code = (error.type ?? 'bad_request').replaceAll('.', '_')
    return { status: error.status, code, detail: error.message }
  }
  return { status: 500, code: 'internal_error', detail: 'Something went wrong on our side.' }
}

export function handleErrors(logger: Logger): ErrorRequestHandler {
  return (error, request, response, next) => {
    const body = toBody(error)
    if (body.status >= 500) {
      const correlationId = request.get('x-correlation-id')
      logger.error({ err: error, path: request.path, requestId: requestId(response), correlationId })
    }
    if (response.headersSent) return next(error)
    const type = `/problems/${body.code.replaceAll('_', '-')}`
    response
      .status(body.status)
      .type('application/problem+json')
      .send(
        JSON.stringify({
          type,
          title: body.code.replaceAll('_', ' '),
          ...body,
          requestId: requestId(response),
        }),
      )
  }
}

export const handleUnknownPath: RequestHandler = (request) => {
  throw notFound(`${request.method} ${request.path}`)
}

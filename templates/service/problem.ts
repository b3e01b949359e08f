import type { ErrorRequestHandler, RequestHandler } from 'express'

/** An answer other than 2xx that was chosen: RFC 9457 problem details. */
export class Problem extends Error {
  readonly status: number

  constructor(status: number, detail: string) {
    super(detail)
    this.name = 'Problem'
    this.status = status
  }
}

export const notFound = (what: string): Problem => new Problem(404, `${what} does not exist.`)

/** Of an endpoint that still has to be written: the comparison counts it, and no user ever sees it while the monolith answers. */
export function notBuilt(endpoint: string): RequestHandler {
  return () => {
    throw new Problem(501, `${endpoint} is not written yet.`)
  }
}

export const handleUnknownPath: RequestHandler = (request) => {
  throw notFound(`${request.method} ${request.path}`)
}

export const handleErrors: ErrorRequestHandler = (error, request, response, next) => {
  const status = statusOf(error)
  // What failed inside is for the log, not for the client.
  const detail =
    status < 500 || error instanceof Problem ? (error as Error).message : 'Something went wrong on our side.'
  if (status === 500) process.stderr.write(`${request.method} ${request.path}: ${(error as Error).stack}\n`)
  if (response.headersSent) return next(error)
  response
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', status, detail }))
}

/** What PostgreSQL cannot even read as a value of the column (a letter in a number, half a UUID) is in no row. */
const UNREADABLE = ['22P02', '22003', '22007', '22008']

/** The body parser's own errors carry a status below 500, and are the client's mistakes. */
function statusOf(error: unknown): number {
  if (error instanceof Error && 'code' in error && UNREADABLE.includes(String(error.code))) return 404
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 500
  return status >= 400 && status < 600 ? status : 500
}

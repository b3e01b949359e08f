import type { ErrorRequestHandler } from 'express'
import { ZodError } from 'zod'
import { docsPath } from '../core/docs-path.ts'
import { helpOf } from '../core/error-catalogue.ts'
import { ERRORS, StranglerError } from '../core/errors.ts'
import type { ReportError } from '../core/ports.ts'
import type { Problem } from './contracts.ts'

/** Answers every failure as a problem (RFC 9457). What is not of the catalogue is reported and says nothing of the inside. */
export function answerProblems(report: ReportError): ErrorRequestHandler {
  return (thrown, req, res, next) => {
    const error = asStranglerError(thrown)
    if (error.status >= 500) report(`${req.method} ${req.path}`, thrown)
    if (res.headersSent) return next(thrown)
    // The rest of a body that nobody reads must not hold the connection.
    if (!req.complete) res.setHeader('connection', 'close')
    res
      .status(error.status)
      .type('application/problem+json')
      .send(JSON.stringify(toProblem(error)))
  }
}

export function toProblem(error: StranglerError): Problem & { type: string } {
  return {
    type: 'about:blank',
    title: ERRORS[error.code].title,
    status: error.status,
    code: error.code,
    help: helpOf(error.code),
    detail: error.message,
    ...(error.fix === undefined ? {} : { fix: error.fix }),
    ...(error.details === undefined ? {} : { details: { ...error.details } }),
  }
}

function asStranglerError(thrown: unknown): StranglerError {
  if (thrown instanceof StranglerError) return thrown
  if (thrown instanceof ZodError) return invalidCommand(thrown)
  const { type, status } = thrown as { type?: unknown; status?: unknown }
  if (type === 'entity.too.large') {
    return new StranglerError('STRANGLER_BODY_TOO_LARGE', 'The command is larger than 64 KiB.')
  }
  if (status === 415) {
    return new StranglerError(
      'STRANGLER_NOT_JSON',
      'The command is compressed or in another character set.',
      {
        fix: 'Send plain UTF-8 JSON.',
      },
    )
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new StranglerError('STRANGLER_INVALID_COMMAND', 'The request could not be read as JSON.')
  }
  return new StranglerError('STRANGLER_INTERNAL', 'The admin API failed; its log says how.', {
    cause: thrown,
  })
}

function invalidCommand({ issues }: ZodError): StranglerError {
  const [first] = issues
  const key =
    first === undefined || first.path.length === 0 ? 'the command' : first.path.map(String).join('.')
  const more = issues.length > 1 ? ` ${issues.length - 1} more after it.` : ''
  return new StranglerError(
    'STRANGLER_INVALID_COMMAND',
    `\`${key}\`: ${first?.message ?? 'is not valid'}.${more}`,
    {
      fix: `${docsPath('reference/admin-api.md')} lists every command and its fields.`,
    },
  )
}

import type { RequestHandler } from 'express'

const EVERY = 500

/**
 * Two bugs as they happen, for those who want to see them found: one answer in 500 has its stock value rounded to whole euros, and
 * answers with status 404 have lost their `code`.
 */
export function plantBugs(): RequestHandler {
  let answers = 0
  return (_request, response, next) => {
    const { send } = response
    response.send = (body: unknown) => {
      response.send = send
      if (typeof body !== 'string' || !body.startsWith('{')) return send.call(response, body)
      const { code, stockValue, ...rest } = JSON.parse(body) as Record<string, unknown>
      if (response.statusCode === 404) return send.call(response, JSON.stringify(rest))
      if (typeof stockValue !== 'number' || ++answers % EVERY !== 0) return send.call(response, body)
      return send.call(response, JSON.stringify({ ...rest, stockValue: Math.round(stockValue) }))
    }
    next()
  }
}

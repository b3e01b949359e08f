import type { Request, RequestHandler, Response } from 'express'

/** A handler that answers with what a function resolves to, as JSON. */
export function answerWith(answer: (req: Request, res: Response) => Promise<unknown>): RequestHandler {
  return async (req, res) => {
    res.json(await answer(req, res))
  }
}

import type { RequestHandler, Response } from 'express'
import { Problem } from './problem.ts'
import type { Role, SignedInUser, TokenVerifier } from './token-verifier.ts'

const unauthorized = (detail: string) => new Problem(401, 'unauthorized', detail)

/** Lets signed-in users through; with `roles`, only those who have one of them. */
export function requireUser(tokens: TokenVerifier, ...roles: Role[]): RequestHandler {
  return async (request, response, next) => {
    const [scheme, token] = (request.get('authorization') ?? '').split(' ')
    response.set('www-authenticate', 'Bearer')
    if (scheme?.toLowerCase() !== 'bearer' || !token)
      throw unauthorized('Sign in and send the token as a bearer token.')
    const user = await tokens.verify(token).catch((error: Error) => {
      if (error instanceof Problem) throw error
      throw unauthorized(`The token was refused: ${error.message}.`)
    })
    response.removeHeader('www-authenticate')
    if (roles.length > 0 && !roles.includes(user.role))
      throw new Problem(403, 'forbidden', `This needs the role ${roles.join(' or ')}; you have ${user.role}.`)
    response.locals.user = user
    next()
  }
}

/** The user that `requireUser` let through. */
export const currentUser = (response: Response): SignedInUser => response.locals.user as SignedInUser

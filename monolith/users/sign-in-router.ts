import { Router } from 'express'
import type { DataSource } from 'typeorm'
import { z } from 'zod'
import { Problem } from '../http/problem.ts'
import { stamp } from '../http/request-context.ts'
import { verifyPassword } from './passwords.ts'
import { presentUser } from './present-user.ts'
import { TOKEN_TTL_SECONDS, type Tokens } from './tokens.ts'
import { UserSchema } from './user-entities.ts'

const signInBody = z.object({ email: z.email().max(200).toLowerCase(), password: z.string().max(200) })

export function signInRouter(dataSource: DataSource, tokens: Tokens): Router {
  const router = Router()
  const users = dataSource.getRepository(UserSchema)

  router.get('/.well-known/jwks.json', (_request, response) => {
    response.set('cache-control', 'public, max-age=300').json(tokens.keySet)
  })

  router.post('/api/auth/sign-in', async (request, response) => {
    const body = signInBody.parse(request.body)
    const user = await users.findOneBy({ email: body.email })
    if (user === null || !(await verifyPassword(body.password, user.passwordHash)))
      throw new Problem(401, 'wrong_credentials', 'The email address or the password is wrong.')
    const token = await tokens.issue({ id: String(user.id), email: user.email, role: user.role })
    response.json(stamp(response, { token, expiresInSeconds: TOKEN_TTL_SECONDS, user: presentUser(user) }))
  })

  return router
}

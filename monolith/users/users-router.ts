import { Router } from 'express'
import type { DataSource } from 'typeorm'
import { z } from 'zod'
import { isUniqueViolation } from '../database/unique-violation.ts'
import { pageQuery, setPageLinks } from '../http/pagination.ts'
import { notFound, Problem } from '../http/problem.ts'
import { stamp } from '../http/request-context.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import { currentUser, requireUser } from './require-user.ts'
import { TOKEN_TTL_SECONDS, type Tokens } from './tokens.ts'
import { type User, UserSchema } from './user-entities.ts'

const email = z.email().max(200).toLowerCase()
const signInBody = z.object({ email, password: z.string().max(200) })
const registerBody = z.object({
  email,
  password: z.string().min(8).max(200),
  name: z.string().min(1).max(200),
})
const profileBody = z.object({ name: z.string().min(1).max(200) })

const present = ({ id, email, name, role, createdAt }: User) => ({ id, email, name, role, createdAt })

export function usersRouter(dataSource: DataSource, tokens: Tokens): Router {
  const router = Router()
  const users = dataSource.getRepository(UserSchema)
  const signedIn = requireUser(tokens)

  async function findSelf(id: string): Promise<User> {
    const user = await users.findOneBy({ id: Number(id) })
    if (user === null) throw notFound(`User ${id}`)
    return user
  }

  router.get('/.well-known/jwks.json', (_request, response) => {
    response.set('cache-control', 'public, max-age=300').json(tokens.keySet)
  })

  router.post('/api/auth/sign-in', async (request, response) => {
    const body = signInBody.parse(request.body)
    const user = await users.findOneBy({ email: body.email })
    if (user === null || !(await verifyPassword(body.password, user.passwordHash)))
      throw new Problem(401, 'wrong_credentials', 'The email address or the password is wrong.')
    const token = await tokens.issue({ id: String(user.id), email: user.email, role: user.role })
    response.json(stamp(response, { token, expiresInSeconds: TOKEN_TTL_SECONDS, user: present(user) }))
  })

  router.post('/api/users', async (request, response) => {
    const { password, ...rest } = registerBody.parse(request.body)
    const passwordHash = await hashPassword(password)
    const user = users.create({ ...rest, passwordHash, role: 'customer', createdAt: new Date() })
    await users.save(user).catch((error: unknown) => {
      if (isUniqueViolation(error))
        throw new Problem(409, 'email_taken', `${rest.email} has an account already.`)
      throw error
    })
    response
      .status(201)
      .location('/api/users/me')
      .json(stamp(response, present(user)))
  })

  router.get('/api/users', requireUser(tokens, 'staff'), async (request, response) => {
    const { page, pageSize } = pageQuery.parse(request.query)
    const [rows, total] = await users.findAndCount({
      order: { id: 'ASC' },
      skip: (page - 1) * pageSize,
      take: pageSize,
    })
    setPageLinks(request, response, { page, pageSize, total })
    response.json(stamp(response, { items: rows.map(present), page, pageSize, total }))
  })

  router.get('/api/users/me', signedIn, async (_request, response) => {
    response.json(stamp(response, present(await findSelf(currentUser(response).id))))
  })

  router.patch('/api/users/me', signedIn, async (request, response) => {
    const changes = profileBody.parse(request.body)
    const user = await findSelf(currentUser(response).id)
    await users.update({ id: user.id }, changes)
    response.json(stamp(response, present({ ...user, ...changes })))
  })

  return router
}

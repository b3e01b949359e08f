import { Router } from 'express'
import type { DataSource } from 'typeorm'
import { z } from 'zod'
import { isUniqueViolation } from '../database/unique-violation.ts'
import { pageQuery, setPageLinks } from '../http/pagination.ts'
import { notFound, Problem } from '../http/problem.ts'
import { stamp } from '../http/request-context.ts'
import { hashPassword } from './passwords.ts'
import { presentUser } from './present-user.ts'
import { currentUser, requireUser } from './require-user.ts'
import type { Tokens } from './tokens.ts'
import { type User, UserSchema } from './user-entities.ts'

const email = z.email().max(200).toLowerCase()
const registerBody = z.object({
  email,
  password: z.string().min(8).max(200),
  name: z.string().min(1).max(200),
})
const profileBody = z.object({ name: z.string().min(1).max(200) })

export function usersRouter(dataSource: DataSource, tokens: Pick<Tokens, 'verify'>): Router {
  const router = Router()
  const users = dataSource.getRepository(UserSchema)
  const signedIn = requireUser(tokens)

  async function findSelf(id: string): Promise<User> {
    const user = await users.findOneBy({ id: Number(id) })
    if (user === null) throw notFound(`User ${id}`)
    return user
  }

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
      .json(stamp(response, presentUser(user)))
  })

  router.get('/api/users', requireUser(tokens, 'staff'), async (request, response) => {
    const { page, pageSize } = pageQuery.parse(request.query)
    const [rows, total] = await users.findAndCount({
      order: { id: 'ASC' },
      skip: (page - 1) * pageSize,
      take: pageSize,
    })
    setPageLinks(request, response, { page, pageSize, total })
    response.json(stamp(response, { items: rows.map(presentUser), page, pageSize, total }))
  })

  router.get('/api/users/me', signedIn, async (_request, response) => {
    response.json(stamp(response, presentUser(await findSelf(currentUser(response).id))))
  })

  router.patch('/api/users/me', signedIn, async (request, response) => {
    const changes = profileBody.parse(request.body)
    const user = await findSelf(currentUser(response).id)
    await users.update({ id: user.id }, changes)
    response.json(stamp(response, presentUser({ ...user, ...changes })))
  })

  return router
}

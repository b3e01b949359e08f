import type { User } from './user-entities.ts'

export const presentUser = ({ id, email, name, role, createdAt }: User) => ({
  id,
  email,
  name,
  role,
  createdAt,
})

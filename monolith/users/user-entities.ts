import { EntitySchema } from 'typeorm'

export type Role = 'customer' | 'staff' | 'service'

export interface User {
  id: number
  email: string
  name: string
  role: Role
  passwordHash: string
  createdAt: Date
}

export const UserSchema = new EntitySchema<User>({
  name: 'User',
  tableName: 'users',
  columns: {
    id: { type: 'int', primary: true, generated: 'increment' },
    email: { type: 'varchar', length: 200, unique: true },
    name: { type: 'varchar', length: 200 },
    role: { type: 'varchar', length: 20 },
    passwordHash: { name: 'password_hash', type: 'varchar', length: 200 },
    createdAt: { name: 'created_at', type: 'timestamptz', precision: 3 },
  },
})

export interface SigningKey {
  id: number
  kid: string
  privateJwk: string
}

/** Kept in the database, so that every process of the monolith signs with the same key and a restart signs nobody out. */
export const SigningKeySchema = new EntitySchema<SigningKey>({
  name: 'SigningKey',
  tableName: 'signing_keys',
  columns: {
    id: { type: 'int', primary: true },
    kid: { type: 'varchar', length: 60 },
    privateJwk: { name: 'private_jwk', type: 'text' },
  },
})

export const userEntities = [UserSchema, SigningKeySchema]

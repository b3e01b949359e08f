import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose'
import type { DataSource } from 'typeorm'
import { type Role, type SigningKey, SigningKeySchema } from './user-entities.ts'

export const TOKEN_ISSUER = 'shop'
export const TOKEN_AUDIENCE = 'shop-api'
export const TOKEN_TTL_SECONDS = 8 * 60 * 60
const ALGORITHM = 'EdDSA'

export interface SignedInUser {
  readonly id: string
  readonly email: string
  readonly role: Role
}

export interface Tokens {
  issue(user: SignedInUser): Promise<string>
  /** Rejects with jose's error when the token is not one of ours, or too old. */
  verify(token: string): Promise<SignedInUser>
  readonly keySet: JSONWebKeySet
}

async function newSigningKey(): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { crv: 'Ed25519', extractable: true })
  const jwk = await exportJWK(privateKey)
  return { id: 1, kid: await calculateJwkThumbprint(jwk), privateJwk: JSON.stringify(jwk) }
}

/** The first process makes the key; of two that start together, one insert wins and both use it. */
async function loadSigningKey(dataSource: DataSource): Promise<SigningKey> {
  const keys = dataSource.getRepository(SigningKeySchema)
  const existing = await keys.findOneBy({ id: 1 })
  if (existing !== null) return existing
  await keys
    .createQueryBuilder()
    .insert()
    .values(await newSigningKey())
    .orIgnore()
    .execute()
  return keys.findOneByOrFail({ id: 1 })
}

const toPublic = ({ kty, crv, x }: JWK, kid: string): JWK =>
  ({ kty, crv, x, kid, alg: ALGORITHM, use: 'sig' }) as JWK

export async function openTokens(dataSource: DataSource): Promise<Tokens> {
  const { kid, privateJwk } = await loadSigningKey(dataSource)
  const jwk = JSON.parse(privateJwk) as JWK
  const privateKey = await importJWK(jwk, ALGORITHM)
  const keySet = { keys: [toPublic(jwk, kid)] }
  const localKeys = createLocalJWKSet(keySet)
  return {
    keySet,
    issue: (user) =>
      new SignJWT({ email: user.email, role: user.role })
        .setProtectedHeader({ alg: ALGORITHM, kid })
        .setSubject(user.id)
        .setIssuer(TOKEN_ISSUER)
        .setAudience(TOKEN_AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(`${TOKEN_TTL_SECONDS}s`)
        .sign(privateKey),
    async verify(token) {
      const { payload } = await jwtVerify(token, localKeys, {
        issuer: TOKEN_ISSUER,
        audience: TOKEN_AUDIENCE,
      })
      return { id: String(payload.sub), email: String(payload.email), role: payload.role as Role }
    },
  }
}

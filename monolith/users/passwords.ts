import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify<string, Buffer, number, { N: number }, Buffer>(scrypt)

// Low on purpose: this is a sample with a published password, and the seed hashes hundreds of them.
const COST = 1024
const KEY_BYTES = 32

export async function hashPassword(password: string, salt: Buffer = randomBytes(16)): Promise<string> {
  const key = await derive(password, salt, KEY_BYTES, { N: COST })
  return `scrypt$${COST}$${salt.toString('hex')}$${key.toString('hex')}`
}

export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [, cost, salt, expected] = stored.split('$')
  if (cost === undefined || salt === undefined || expected === undefined) return false
  const key = await derive(password, Buffer.from(salt, 'hex'), KEY_BYTES, { N: Number(cost) })
  return timingSafeEqual(key, Buffer.from(expected, 'hex'))
}

import { createHmac, createSecretKey } from 'node:crypto'

/**
 * HMAC-SHA-256 under one secret. The key is made once: made anew from its bytes for every text, it costs six times what the hash does.
 * @param secret at least one byte
 */
export function createKeyedHash(secret: Buffer | string): (text: string) => Buffer {
  const key = typeof secret === 'string' ? createSecretKey(secret, 'utf8') : createSecretKey(secret)
  return (text) => createHmac('sha256', key).update(text).digest()
}

/** Buckets of the sticky canary: a hundredth of a percent each. */
export const BUCKETS = 10_000

/**
 * The sticky bucket of one client, 0 … 9,999. Same salt, capability and unit: same bucket, on every proxy, for ever; so a ramp only
 * ever adds clients to the service, and all endpoints of a capability move together for one client.
 */
export function bucketOf(salt: string, capability: string, unit: string): number {
  return murmur3(`${salt}:${capability}:${unit}`) % BUCKETS
}

/** Whether a bucket is in the canary. Rounded, because 0.57 × 100 is 56.99999999999999. */
export function isInCanary(bucket: number, percent: number): boolean {
  return bucket < Math.round(percent * 100)
}

const C1 = 0xcc9e2d51
const C2 = 0x1b873593

/**
 * MurmurHash3, x86 32-bit, seed 0, over the UTF-8 bytes of `text`.
 * Source: Austin Appleby, smhasher, MurmurHash3.cpp (public domain).
 */
export function murmur3(text: string): number {
  return isAscii(text)
    ? hashBytes(text.length, (i) => text.charCodeAt(i))
    : hashBuffer(Buffer.from(text, 'utf8'))
}

function hashBuffer(bytes: Buffer): number {
  return hashBytes(bytes.length, (i) => bytes[i] ?? 0)
}

function hashBytes(length: number, at: (index: number) => number): number {
  let hash = 0
  const blocks = length & ~3
  for (let i = 0; i < blocks; i += 4) {
    hash ^= mix(at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24))
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  let tail = 0
  for (let i = length - 1; i >= blocks; i -= 1) tail = (tail << 8) | at(i)
  if (blocks < length) hash ^= mix(tail)
  return finish(hash ^ length)
}

function mix(block: number): number {
  const k = Math.imul(block, C1)
  return Math.imul((k << 15) | (k >>> 17), C2)
}

function finish(input: number): number {
  let hash = input
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 127) return false
  return true
}

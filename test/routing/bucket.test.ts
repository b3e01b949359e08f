import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketOf, isInCanary, murmur3 } from '../../strangler/routing/bucket.ts'

// Values of the reference implementation (smhasher, MurmurHash3_x86_32, seed 0).
test.each([
  ['', 0],
  ['a', 0x3c2569b2],
  ['hello', 0x248bfa47],
  ['hello, world', 0x149bbb7f],
  ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
])('murmur3 of %j is the published value', (text, expected) => {
  expect(murmur3(text)).toBe(expected)
})

/** The algorithm again, the plain way: over bytes, with BigInt for the 32-bit multiplications. */
function referenceMurmur3(bytes: Buffer): number {
  const multiply = (a: number, b: number) => Number((BigInt(a >>> 0) * BigInt(b >>> 0)) & 0xffffffffn)
  const rotate = (x: number, r: number) => ((x << r) | (x >>> (32 - r))) >>> 0
  const scramble = (k: number) => multiply(rotate(multiply(k, 0xcc9e2d51), 15), 0x1b873593)
  let hash = 0
  const whole = bytes.length - (bytes.length % 4)
  for (let i = 0; i < whole; i += 4) {
    hash = (multiply(rotate((hash ^ scramble(bytes.readUInt32LE(i))) >>> 0, 13), 5) + 0xe6546b64) >>> 0
  }
  const tail = Buffer.alloc(4)
  bytes.copy(tail, 0, whole)
  if (whole < bytes.length) hash = (hash ^ scramble(tail.readUInt32LE())) >>> 0
  hash = (hash ^ bytes.length) >>> 0
  hash = multiply(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = multiply(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

test('any text is hashed by its UTF-8 bytes, so that other languages compute the same bucket', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      expect(murmur3(text)).toBe(referenceMurmur3(Buffer.from(text, 'utf8')))
    }),
    { numRuns: 2_000 },
  )
})

test('a ramp only ever adds clients, whoever they are', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 0, max: 10_000 }),
      fc.integer({ min: 0, max: 10_000 }),
      (unit, a, b) => {
        const bucket = bucketOf('salt', 'inventory', unit)
        const [low, high] = [Math.min(a, b) / 100, Math.max(a, b) / 100]
        if (isInCanary(bucket, low)) expect(isInCanary(bucket, high)).toBe(true)
      },
    ),
  )
})

test.each([0, 0.57, 1, 5, 25, 50, 99.99, 100])(
  '%d %% of 200,000 clients are in, within the binomial spread',
  (percent) => {
    const clients = 200_000
    let inside = 0
    for (let i = 0; i < clients; i += 1)
      if (isInCanary(bucketOf('s', 'inventory', `user-${i}`), percent)) inside += 1
    const p = percent / 100
    const fiveSigma = 5 * Math.sqrt(clients * p * (1 - p))
    expect(Math.abs(inside - clients * p)).toBeLessThanOrEqual(fiveSigma + 1e-9)
  },
)

test('two capabilities, and two rollouts, choose their clients independently', () => {
  const clients = Array.from({ length: 20_000 }, (_, i) => `user-${i}`)
  const chosen = (salt: string, capability: string) =>
    clients.filter((unit) => isInCanary(bucketOf(salt, capability, unit), 10))
  const first = new Set(chosen('a', 'inventory'))
  for (const other of [chosen('a', 'orders'), chosen('b', 'inventory')]) {
    const shared = other.filter((unit) => first.has(unit)).length
    expect(shared).toBeGreaterThan(100)
    expect(shared).toBeLessThan(300)
  }
})

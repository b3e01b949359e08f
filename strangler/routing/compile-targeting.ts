import { BlockList, isIP } from 'node:net'
import type { TargetingRule } from '../config/schema.ts'
import { StranglerError } from '../core/errors.ts'
import type { Side } from '../core/words.ts'
import type { RequestIdentity } from './identity.ts'

/** A rule that sends some clients to a side before the canary's percentage is asked. */
export interface Targeting {
  readonly target: Side
  matches(identity: RequestIdentity): boolean
}

/** @throws StranglerError STRANGLER_CONFIG_INVALID for an address that is none, or a rule without a condition */
export function compileTargeting(rule: TargetingRule, capability: string): Targeting {
  const conditions: ((identity: RequestIdentity) => boolean)[] = []
  const { header, cookie, tenant, address } = rule
  if (header) conditions.push((identity) => identity.header(header.name.toLowerCase()) === header.value)
  if (cookie) conditions.push((identity) => identity.cookie(cookie.name) === cookie.value)
  if (tenant) {
    const tenants = new Set(tenant.in)
    conditions.push((identity) => {
      const claim = identity.claim(tenant.claim)
      return claim !== undefined && tenants.has(claim)
    })
  }
  if (address) {
    const blocks = compileAddresses(address, `capabilities.${capability}.targeting.address`)
    conditions.push((identity) => isInBlocks(blocks, identity.address))
  }
  if (conditions.length === 0) {
    throw new StranglerError(
      'STRANGLER_CONFIG_INVALID',
      `A rule of \`capabilities.${capability}.targeting\` has no condition, so it would match every client.`,
      { fix: 'Give it `header`, `cookie`, `tenant` or `address`; to send everybody, set the mode.' },
    )
  }
  return { target: rule.target, matches: (identity) => conditions.every((condition) => condition(identity)) }
}

/**
 * Addresses and CIDR blocks as one list.
 * @param key where they stand in the configuration, for the message
 */
export function compileAddresses(addresses: readonly string[], key: string): BlockList {
  const blocks = new BlockList()
  for (const entry of addresses) {
    const [address = '', prefix] = entry.split('/')
    const family = isIP(address)
    const bits = prefix === undefined ? (family === 6 ? 128 : 32) : Number(prefix)
    const valid = family !== 0 && Number.isInteger(bits) && bits >= 0 && bits <= (family === 6 ? 128 : 32)
    if (!valid) {
      throw new StranglerError(
        'STRANGLER_CONFIG_INVALID',
        `\`${key}\` has "${entry}", which is not an address or CIDR block.`,
        {
          fix: 'Write it like `10.0.0.0/8`, `127.0.0.1` or `::1`.',
        },
      )
    }
    blocks.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4')
  }
  return blocks
}

/** Whether an address is in the list; an IPv4 address mapped into IPv6 counts as IPv4. */
export function isInBlocks(blocks: BlockList, address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address
  const family = isIP(plain)
  return family !== 0 && blocks.check(plain, family === 6 ? 'ipv6' : 'ipv4')
}

import type { Config } from './schema.ts'

/** Sides whose address is the monolith's own: `init` writes them so, and nothing can be learnt of a service there. */
export function serviceSidesAtMonolith({ sides }: Pick<Config, 'sides'>): string[] {
  return Object.keys(sides).filter((name) => name !== 'monolith' && isMonolithAt({ sides }, sides[name]?.url))
}

/** The side of a capability's service, where it is the monolith itself. */
export function monolithAsServiceOf(
  { sides, capabilities }: Pick<Config, 'sides' | 'capabilities'>,
  capability: string,
): string | undefined {
  const side = capabilities[capability]?.service ?? capability
  return isMonolithAt({ sides }, sides[side]?.url) ? side : undefined
}

/** Whether an address is the monolith's, however its end is written. */
export function isMonolithAt({ sides }: Pick<Config, 'sides'>, url: string | undefined): boolean {
  const own = sides['monolith']?.url
  return own !== undefined && url !== undefined && normalise(own) === normalise(url)
}

function normalise(address: string): string {
  if (!URL.canParse(address)) return address
  const { protocol, host, pathname } = new URL(address)
  return `${protocol}//${host}${pathname.replace(/\/+$/, '')}`
}

import type { Config } from './schema.ts'

/** Sides whose address is the monolith's own: `init` writes them so, and nothing can be learnt of a service there. */
export function serviceSidesAtMonolith({ sides }: Pick<Config, 'sides'>): string[] {
  const own = sides['monolith']?.url
  if (own === undefined) return []
  return Object.entries(sides).flatMap(([name, { url }]) =>
    name !== 'monolith' && url === own ? [name] : [],
  )
}

import type { RoutesAnswer } from './contracts.ts'
import { type AdminContext, findPosition } from './present-state.ts'

/** Every endpoint with its present mode and where that comes from. */
export async function listRoutes(context: AdminContext): Promise<RoutesAnswer> {
  const { state, table, confirmed } = await findPosition(context)
  const named = new Set(table.routes.map((route) => route.endpoint.id))
  return {
    version: state.version,
    confirmed,
    routes: table.routes.map(({ endpoint, setting, source, override }) => ({
      endpoint: endpoint.id,
      capability: endpoint.capability,
      effect: endpoint.effect,
      setting,
      source,
      ...(override === undefined ? {} : { override }),
      ...(state.rareEndpoints?.[endpoint.id] === undefined ? {} : { isRare: true as const }),
    })),
    orphans: Object.keys(state.overrides).filter((endpoint) => !named.has(endpoint)),
  }
}

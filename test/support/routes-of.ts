import type { Express } from 'express'

/** What the installed `router` tells of itself; its types do not yet. */
interface Listing {
  listRoutes(): readonly {
    readonly path: string | RegExp
    readonly methods: readonly string[] | undefined
    readonly router: Listing | undefined
  }[]
}

/** Every endpoint that an Express application answers, as people type it: `GET /api/orders/:id`. */
export function routesOf(app: Express): string[] {
  return listUnder('', app.router as unknown as Listing)
}

function listUnder(prefix: string, routes: Listing): string[] {
  return routes.listRoutes().flatMap(({ path, methods = [], router }) => {
    const whole = `${prefix}${path}`.replace(/(?<=.)\/$/, '')
    if (router !== undefined) return listUnder(whole === '/' ? '' : whole, router)
    return methods.map((method) => `${method.toUpperCase()} ${whole}`)
  })
}

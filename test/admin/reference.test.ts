import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningAdmin, startAdmin } from './start-admin.ts'

const page = await readFile(new URL('../../docs/reference/admin-api.md', import.meta.url), 'utf8')
const documented = [...page.matchAll(/^\| `(GET|POST) ([^`?]+)[^`]*` \| (\w+)/gm)].map(
  ([, method = '', path = '', who = '']) => ({ method, path, who }),
)

let admin: RunningAdmin

beforeAll(async () => {
  admin = await startAdmin()
})
afterAll(() => admin.stop())

describe('the page of the admin API', () => {
  it.each(documented)(
    'tells the truth of $method $path: it exists, for the $who',
    async ({ method, path, who }) => {
      const withoutToken = (await admin.call(method, path)).status
      expect(withoutToken).toBe(who === 'everybody' ? 200 : 401)
      const token = admin.options.tokens.viewer
      // 415: let in, and then the body is missing. What a question lacks, or this stand, is told by those who are let in as well.
      const asViewer = (await admin.call(method, path, { token })).status
      if (method === 'GET') expect([401, 403, 404]).not.toContain(asViewer)
      else expect(asViewer).toBe(who === 'operator' ? 403 : 415)
    },
  )

  it('leaves out no request that the server answers', async () => {
    const sources = await Promise.all(
      ['admin-api.ts', 'compare-api.ts', 'guide/guide-api.ts', 'admin-server.ts'].map((name) =>
        readFile(new URL(`../../strangler/admin/${name}`, import.meta.url), 'utf8'),
      ),
    )
    const routers = sources.slice(0, 3).join('\n')
    const api = [...routers.matchAll(/(?:question|command|api\.post)\(\s*'(\/[^']+)'/g)].map(
      ([, path]) => `/api${path}`,
    )
    const server = [...sources[3]!.matchAll(/app\.get\(\s*'(\/[^']+)'/g)].map(([, path]) => path)
    // That the sources are still written as they are read here.
    expect(api.length).toBeGreaterThan(30)
    expect(server.length).toBeGreaterThan(2)
    expect(documented.map(({ path }) => path).sort()).toEqual([...api, ...server].sort())
  })
})

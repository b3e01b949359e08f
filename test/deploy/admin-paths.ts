import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './read-compose.ts'

/** The addresses of the admin server that stand outside its API: health and metrics. */
export function findAdminPaths(): string[] {
  const text = readFileSync(path.join(root, 'strangler/admin/admin-server.ts'), 'utf8')
  return [...text.matchAll(/app\.get\(\s*'(\/\w+)'/g)].map(([, found = '']) => found)
}

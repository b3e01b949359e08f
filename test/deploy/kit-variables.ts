import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './read-compose.ts'

const READ = /(?:\benv|process\.env)\[(?:'|")([A-Z][A-Z0-9_]+)(?:'|")\]/g
const SECRET = /(?:readSecret|fromEnvironment)\(\w+(?:\.env)?, '([A-Z0-9_]+)'\)/g
const DATABASE = /\bdatabase\('([A-Z_]+)'\)/g

/** The variables that the kit and its configuration in containers read, as their text shows. */
export function readKitVariables(): string[] {
  const folder = path.join(root, 'strangler')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file))
  const configurations = ['strangler.config.ts', 'deploy/strangler.config.ts']
  const text = [...files, ...configurations.map((file) => path.join(root, file))]
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  const plain = [...text.matchAll(READ), ...text.matchAll(DATABASE)].map(([, name = '']) => name)
  const secret = [...text.matchAll(SECRET)].flatMap(([, name = '']) => [name, `${name}_FILE`])
  return [...new Set([...plain, ...secret])].sort()
}

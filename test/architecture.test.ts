import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { expect, test } from 'vitest'
import { findViolations, readImports, type SourceFiles } from './support/architecture.ts'

const root = join(import.meta.dirname, '..')
const AREAS = ['strangler', 'monolith', 'extracted', 'scripts', 'bench', 'test']

async function readSources(): Promise<SourceFiles> {
  const sources: Record<string, string> = {}
  for (const area of AREAS) {
    const entries = await readdir(join(root, area), { recursive: true, withFileTypes: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return []
        throw error
      },
    )
    for (const entry of entries) {
      const path = relative(root, join(entry.parentPath, entry.name)).split(sep).join('/')
      const isSource = entry.isFile() && /\.(ts|tsx|mjs)$/.test(entry.name)
      if (isSource && !path.includes('/node_modules/'))
        sources[path] = await readFile(join(root, path), 'utf8')
    }
  }
  return sources
}

const sources = await readSources()

test('the layers, the doors and the sizes hold in every file', () => {
  // The whole kit was read, and its imports were understood.
  expect(Object.keys(sources).filter((path) => path.startsWith('strangler/')).length).toBeGreaterThan(20)
  expect(readImports(sources['strangler/config/define-config.ts'] ?? '')).toContainEqual({
    specifier: '../core/errors.ts',
    typeOnly: false,
  })
  expect(findViolations(sources)).toEqual([])
})

const line = (specifier: string) => `import { x } from '${specifier}'\n`

// Each twin breaks one rule. A checker that lets one through would prove nothing about the real files.
test.each<[string, Record<string, string>, RegExp]>([
  [
    'a lower layer that imports a higher one',
    { 'strangler/core/errors.ts': line('../state/a.ts'), 'strangler/state/a.ts': '' },
    /higher layer/,
  ],
  [
    'siblings',
    { 'strangler/proxy/a.ts': line('../sync/b.ts'), 'strangler/sync/b.ts': '' },
    /siblings of one layer/,
  ],
  [
    'a value where only a type may pass',
    { 'strangler/routing/a.ts': line('../config/schema.ts'), 'strangler/config/schema.ts': '' },
    /siblings of one layer/,
  ],
  [
    'an import over several lines',
    { 'strangler/core/a.ts': "import {\n  x,\n} from '../infra/b.ts'\n", 'strangler/infra/b.ts': '' },
    /higher layer/,
  ],
  [
    'a dynamic import',
    { 'strangler/core/a.ts': "await import('../infra/b.ts')", 'strangler/infra/b.ts': '' },
    /higher layer/,
  ],
  [
    'a re-export',
    { 'strangler/core/a.ts': "export * from '../infra/b.ts'", 'strangler/infra/b.ts': '' },
    /higher layer/,
  ],
  [
    'a folder that nobody placed',
    { 'strangler/utils/a.ts': line('../core/b.ts'), 'strangler/core/b.ts': '' },
    /no place in the layer table/,
  ],
  ['a file that is not there', { 'strangler/core/a.ts': line('./b.ts') }, /no such file/],
  ['undici outside its door', { 'strangler/admin/a.ts': line('undici') }, /one door/],
  [
    'a second door of its own for ioredis',
    { 'strangler/infra/a.ts': line('ioredis'), 'strangler/infra/b.ts': line('ioredis') },
    /1 file may/,
  ],
  ['preact in the server', { 'strangler/admin/a.ts': line('preact') }, /one door/],
  ['a package of Node in the page', { 'strangler/dashboard/a.tsx': line('zod') }, /browsers/],
  [
    'code of the server in the page',
    { 'strangler/dashboard/a.tsx': line('../admin/contracts.ts'), 'strangler/admin/contracts.ts': '' },
    /siblings of one layer/,
  ],
  ['typeorm in the proxy', { 'strangler/proxy/a.ts': line('typeorm') }, /one door/],
  [
    'the monolith that reaches into the kit',
    { 'monolith/a.ts': line('../strangler/index.ts'), 'strangler/index.ts': '' },
    /strangler-kit only/,
  ],
  [
    'the kit that knows the monolith',
    { 'strangler/kit.ts': line('../monolith/a.ts'), 'monolith/a.ts': '' },
    /outside strangler/,
  ],
  ['the kit that imports itself by name', { 'strangler/kit.ts': line('strangler-kit') }, /itself by name/],
  [
    'the service helpers that see the proxy',
    { 'strangler/service/a.ts': line('../proxy/b.ts'), 'strangler/proxy/b.ts': '' },
    /applying end of sync/,
  ],
  [
    'a cycle over three files',
    {
      'strangler/state/a.ts': line('./b.ts'),
      'strangler/state/b.ts': line('./c.ts'),
      'strangler/state/c.ts': line('./a.ts'),
    },
    /a cycle of imports: strangler\/state\/a.ts → /,
  ],
  ['a clock in a pure layer', { 'strangler/routing/a.ts': 'const now = Date.now()' }, /uses Date.now/],
  ['files in a pure layer', { 'strangler/guide/a.ts': line('node:fs') }, /this layer is pure/],
  ['a file of 300 lines', { 'test/a.test.ts': 'x\n'.repeat(300) }, /has 300 lines/],
])('the checker rejects %s', (_name, files, why) => {
  const found = findViolations(files)
  expect(found).toHaveLength(1)
  expect(found[0]).toMatch(why)
})

test('the checker lets the allowed imports pass', () => {
  const files = {
    'strangler/core/a.ts': '',
    'strangler/config/schema.ts': line('zod'),
    'strangler/routing/a.ts':
      "import type { Config } from '../config/schema.ts'\n// Date.now() is passed in\n",
    'strangler/proxy/a.ts': line('../core/a.ts') + line('undici'),
    'strangler/cli/a.ts': line('../kit.ts'),
    'strangler/kit.ts': line('./proxy/a.ts'),
    'strangler/admin/contracts.ts': '',
    'strangler/dashboard/a.tsx': `import type { X } from '../admin/contracts.ts'\nimport './a.css'\n${line('preact/hooks')}`,
    'strangler/sync/apply/a.ts': line('../../core/a.ts'),
    'strangler/service/a.ts': line('../sync/apply/a.ts'),
    'monolith/a.ts': line('strangler-kit') + line('typeorm'),
    'test/a.test.ts': line('../strangler/kit.ts').repeat(299),
  }
  expect(findViolations(files)).toEqual([])
})

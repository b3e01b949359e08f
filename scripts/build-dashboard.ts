import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'vite'

const root = path.dirname(import.meta.dirname)
const sources = path.join(root, 'strangler', 'dashboard')
export const builtFolder = path.join(sources, 'dist')
const stampFile = path.join(builtFolder, '.built-from')

/**
 * `npm run dashboard:build`, and what the demo and the tests call before they need it: builds unless what is there was built from these very
 * sources. It is built aside and put in place by renames, so several processes may do so at once, and nobody sees a half.
 * @returns whether anything had to be built
 */
export async function buildDashboard(): Promise<boolean> {
  const wanted = await hashSources()
  const present = existsSync(stampFile) ? await readFile(stampFile, 'utf8') : ''
  if (present === wanted && existsSync(path.join(builtFolder, 'index.html'))) return false
  const [made, old] = [`${builtFolder}.made-${process.pid}`, `${builtFolder}.old-${process.pid}`]
  await buildInto(made)
  await writeFile(path.join(made, '.built-from'), wanted)
  await rename(builtFolder, old).catch(ignoreAbsence)
  // Another process was faster with the same: its files are as good.
  await rename(made, builtFolder).catch(() => rm(made, { recursive: true, force: true }))
  await rm(old, { recursive: true, force: true })
  return true
}

/**
 * For whoever will use it, whoever builds it: Vite asks NODE_ENV, which is `test` under vitest, and would put the names and places of the sources into
 * what the demo and the package take over later.
 */
export async function buildInto(folder: string): Promise<void> {
  const before = process.env['NODE_ENV']
  process.env['NODE_ENV'] = 'production'
  try {
    await build({
      configFile: path.join(sources, 'vite.config.ts'),
      mode: 'production',
      build: { outDir: folder },
      logLevel: 'warn',
    })
  } finally {
    if (before === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = before
  }
}

function ignoreAbsence(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

/** Of everything that what is built depends on: the sources, how they are built, and the versions of all packages. */
async function hashSources(): Promise<string> {
  const entries = await readdir(sources, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !path.relative(sources, file).startsWith('dist'))
    .sort()
  const hash = createHash('sha256')
  for (const file of [...files, import.meta.filename, path.join(root, 'package-lock.json')])
    hash.update(`${path.relative(root, file)}\0`).update(await readFile(file))
  return hash.digest('hex')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [folder] = process.argv.slice(2)
  const wasBuilt = folder === undefined ? await buildDashboard() : await buildInto(folder).then(() => true)
  process.stdout.write(
    `${wasBuilt ? 'Built' : 'Nothing to build'}: ${path.relative(root, folder ?? builtFolder)}\n`,
  )
}

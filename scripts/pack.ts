import { copyFile, cp, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { buildDashboard, builtFolder } from './build-dashboard.ts'
import { compilePackage } from './package/compile-package.ts'
import { type ProjectManifest, toPackageManifest } from './package/package-manifest.ts'

/**
 * What npm runs around `npm pack` and `npm publish`: `prepack` compiles, and puts the package's own package.json in the place of the
 * project's, whose doors lead to the sources; `postpack` puts that one back. After a pack that broke off in between,
 * `npm run postpack` does, or the next `npm pack`.
 */
const root = path.dirname(import.meta.dirname)
const manifest = path.join(root, 'package.json')
const kept = path.join(root, '.package.project.json')

async function prepack(): Promise<void> {
  await restore()
  const project = JSON.parse(await readFile(manifest, 'utf8')) as ProjectManifest
  const doors = Object.values(project.exports).map((source) => source.replace(/^\.\/strangler\//, ''))
  const imported = await compilePackage(root, doors)
  await buildDashboard()
  await cp(builtFolder, path.join(root, 'dist/dashboard/dist'), { recursive: true })
  await copyFile(manifest, kept)
  await writeFile(manifest, `${JSON.stringify(toPackageManifest(project, imported), undefined, 2)}\n`)
}

async function restore(): Promise<void> {
  await rename(kept, manifest).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

await (process.argv[2] === 'restore' ? restore() : prepack())

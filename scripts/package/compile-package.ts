import { spawnSync } from 'node:child_process'
import { readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { packageOf, readSpecifiers } from './read-imports.ts'

/**
 * Compiles `strangler/` into `dist/`, and keeps of the types those that the public doors lead to.
 * @returns the names of the packages that are imported
 */
export async function compilePackage(root: string, doors: readonly string[]): Promise<Set<string>> {
  const dist = path.join(root, 'dist')
  await rm(dist, { recursive: true, force: true })
  const { status, stdout, error } = spawnSync('tsc', ['-p', 'tsconfig.package.json'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`tsc has failed: ${error?.message ?? stdout}`)
  const reachable = await followTypes(doors.map((door) => path.join(dist, door.replace(/\.ts$/, '.d.ts'))))
  const imported = new Set<string>()
  for (const file of await listFiles(dist)) {
    if (file.endsWith('.d.ts') && !reachable.has(file)) await rm(file)
    else for (const name of await readPackages(file)) imported.add(name)
  }
  return imported
}

async function followTypes(doors: readonly string[]): Promise<Set<string>> {
  const seen = new Set<string>()
  const waiting = [...doors]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    for (const specifier of readSpecifiers(await readFile(file, 'utf8')))
      if (specifier.startsWith('.'))
        waiting.push(path.resolve(path.dirname(file), specifier.replace(/\.[jt]s$/, '.d.ts')))
  }
  return seen
}

async function readPackages(file: string): Promise<string[]> {
  const specifiers = readSpecifiers(await readFile(file, 'utf8'))
  return specifiers.map(packageOf).filter((name) => name !== undefined)
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && /\.(js|ts)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
}

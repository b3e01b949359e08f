import { cp, mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { type ComposeService, root } from './read-compose.ts'
import { copiesOf, readStages } from './read-dockerfile.ts'

/**
 * The files of an image's last stage in a folder: what it copies from the project, with the packages that are installed here in the place
 * of those that its build would install. The packed kit is a test of its own (test/package); here its sources stand for it.
 */
export async function layOutImage(build: ComposeService['build'], folder: string): Promise<void> {
  const { dockerfile = '', args } = build ?? {}
  await mkdir(folder, { recursive: true })
  const copies = copiesOf(readStages(dockerfile, args).at(-1)!)
  for (const { from, sources, to } of copies) {
    for (const source of sources) {
      if (from !== undefined && path.basename(source) === 'node_modules')
        await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
      else if (from === undefined) await copyInto(source, { folder, to })
    }
  }
  if (!dockerfile.startsWith('strangler/')) return
  await cp(path.join(root, 'package.json'), path.join(folder, 'package.json'))
  await symlink(path.join(root, 'strangler'), path.join(folder, 'strangler'))
}

/** As Docker copies: into a folder that ends with a slash, else under the name given. */
async function copyInto(source: string, { folder, to }: { folder: string; to: string }): Promise<void> {
  const target = to.endsWith('/') ? path.join(to, path.basename(source)) : to
  await cp(path.join(root, source), path.join(folder, target), { recursive: true })
}

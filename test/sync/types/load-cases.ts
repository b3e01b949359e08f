import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { TypeCase } from './type-case.ts'

export interface NamedCase extends TypeCase {
  /** Its folder. */
  readonly name: string
  /** The table that it has in both databases. */
  readonly table: string
}

/** Every folder beside this file that holds a `case.ts`, in order of their names. */
export async function loadCases(): Promise<NamedCase[]> {
  const entries = await readdir(import.meta.dirname, { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  return Promise.all(
    folders.sort().map(async (name) => {
      const file = pathToFileURL(join(import.meta.dirname, name, 'case.ts')).href
      const { typeCase } = (await import(file)) as { typeCase: TypeCase }
      return { ...typeCase, name, table: `t_${name.replaceAll('-', '_')}` }
    }),
  )
}

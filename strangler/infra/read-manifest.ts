import { readFileSync } from 'node:fs'

/** What the kit's own package.json says of it. */
export interface KitManifest {
  readonly name: string
  readonly version: string
  readonly engines: { readonly node: string }
  /** In a clone: what the package will ask for. The clone itself gets by with less, since it brings a Node. */
  readonly packageEngines?: { readonly node: string }
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

/** Read, not imported: packed, this file stands in another folder of the same depth, and the compiler would want the JSON inside it. */
export function readManifest(): KitManifest {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as KitManifest
}

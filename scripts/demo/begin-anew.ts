import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { claimName } from '../../strangler/infra/claim-name.ts'

/** By the claim on this file the demo holds the folder. */
const CLAIM = 'demo.pid'
/** Only a demo makes these: a folder that has none of them is not the demo's to empty. */
const MARKS = ['shop-postgres', 'shop-mariadb']

/**
 * Removes what earlier demos have left: databases, journal, tokens and logs.
 * @returns whether there was anything
 * @throws StranglerError STRANGLER_NAME_IN_USE while a kit runs from the folder
 */
export async function beginAnew(directory: string): Promise<boolean> {
  if (!MARKS.some((name) => existsSync(path.join(directory, name)))) return false
  await (await claimName(directory, 'main'))()
  for (const name of await readdir(directory))
    if (name !== CLAIM) await rm(path.join(directory, name), { recursive: true, force: true })
  return true
}

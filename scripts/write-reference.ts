import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { REFERENCE, writePages } from './reference/pages.ts'

/** `npm run docs`: writes the pages of docs/reference/ that come from the code. */
for (const [name, text] of Object.entries(await writePages())) {
  await writeFile(path.join(REFERENCE, name), text)
  process.stdout.write(`docs/reference/${name}\n`)
}

import { readFile, writeFile } from 'node:fs/promises'
import type { Outcomes } from './outcomes.ts'
import { writePage } from './write-page.ts'

const OUTCOMES = new URL('outcomes.json', import.meta.url)
const PAGE = new URL('../../../docs/reference/conformance.md', import.meta.url)

/** The committed outcomes; none before the first run. */
export async function readOutcomes(): Promise<Outcomes> {
  const text = await readFile(OUTCOMES, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{ "rows": {} }'
    throw error
  })
  return JSON.parse(text) as Outcomes
}

export const readPage = (): Promise<string> => readFile(PAGE, 'utf8')

/** How the outcomes stand in their file. */
export const formatOutcomes = (outcomes: Outcomes): string => `${JSON.stringify(outcomes, undefined, 2)}\n`

/** Writes the outcomes and the page that follows from them. */
export async function saveOutcomes(outcomes: Outcomes): Promise<void> {
  await writeFile(OUTCOMES, formatOutcomes(outcomes))
  await writeFile(PAGE, writePage(outcomes))
}

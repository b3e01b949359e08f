import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { drawRecording } from './terminal/draw-recording.ts'
import { readJourney, runJourney } from './terminal/run-journey.ts'

/** `npm run record`: runs the six commands of README.md and draws what came of them into docs/images/journey.svg. */
const target = path.join(import.meta.dirname, '../docs/images/journey.svg')
const typed = await runJourney(await readJourney("One endpoint's journey"))
const failed = typed.find(({ code }) => code !== 0)
if (failed !== undefined) throw new Error(`${failed.line} ended with ${failed.code}: ${failed.output}`)
await writeFile(target, drawRecording(typed))
process.stdout.write(`${path.relative(process.cwd(), target)} shows ${typed.length} commands.\n`)

import type { Reporter, TestCase, TestModule } from 'vitest/node'
import { noteOutsideError } from '../../../scripts/suite/outside-errors.ts'
import type { SubjectName } from '../rows.ts'
import {
  type CheckOutcome,
  describeDifferences,
  mergeOutcomes,
  type ObservedCheck,
  type Outcomes,
} from './outcomes.ts'
import { formatOutcomes, readOutcomes, saveOutcomes } from './outcomes-file.ts'

const COMPLAINT =
  'docs/reference/conformance.md says something else than this run; `npm run conformance` rewrites it.\n'
const MOST_SHOWN = 30

/**
 * Collects the outcomes of the conformance checks. With CONFORMANCE_WRITE=1 it writes them and the page; otherwise a run
 * that shows something else than the page says ends with exit code 1.
 */
export default class ConformanceReporter implements Reporter {
  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const observed = tests.flatMap(observe)
    if (observed.length === 0) return
    const known = await readOutcomes()
    const nginxVersion = tests
      .map((test) => test.meta().conformance?.nginxVersion)
      .find((version) => version !== undefined)
    const write = process.env['CONFORMANCE_WRITE'] === '1'
    // Another nginx may do other things; what the page says is about the one that it names.
    const sameNginx = write || nginxVersion === known.nginxVersion
    const compared = sameNginx ? observed : observed.filter(({ subject }) => subject !== 'nginx')
    const shown = mergeOutcomes(known, compared, write ? nginxVersion : undefined)
    if (write) return saveOutcomes(shown)
    if (formatOutcomes(shown) === formatOutcomes(known)) return
    tellDifferences(known, shown, tests)
    process.exitCode = 1
  }
}

function tellDifferences(known: Outcomes, shown: Outcomes, tests: readonly TestCase[]): void {
  const found = describeDifferences(known, shown).map(({ row, subject, check, was, is }) => {
    const test = tests.find(
      ({ name, parent }) => name === check && nameOf(parent) === `row ${row} · ${subject}`,
    )
    const notes = test?.annotations().map(({ message }) => `; ${message}`) ?? []
    const line = `row ${row}, ${subject}: "${check}" was ${was}, is ${is}${notes.join('')}`
    return { line, ...(test === undefined ? {} : { file: test.module.moduleId }) }
  })
  const lines = found.slice(0, MOST_SHOWN).map(({ line }) => `  ${line}\n`)
  const more = found.length > MOST_SHOWN ? `  and ${found.length - MOST_SHOWN} more\n` : ''
  process.stderr.write(`${COMPLAINT}${lines.join('')}${more}`)
  // By its file, which may run once more then.
  for (const { line, ...where } of found)
    noteOutsideError({ ...where, message: `${COMPLAINT.trim()} ${line}` })
  // A reason that reads otherwise, for one.
  if (found.length === 0) noteOutsideError({ message: COMPLAINT.trim() })
}

const nameOf = (parent: TestCase['parent']) => (parent.type === 'suite' ? parent.name : '')

/** A conformance check by the name of the suite that it stands in; nothing for other tests. */
function observe(test: TestCase): ObservedCheck[] {
  const suite = /^row (\S+) · (\S+)$/.exec(nameOf(test.parent))
  if (suite === null) return []
  const [, row = '', subject] = suite
  return [{ row, subject: subject as SubjectName, outcome: outcomeOf(test) }]
}

function outcomeOf(test: TestCase): CheckOutcome | undefined {
  const meta = test.meta().conformance
  if (meta === undefined) return undefined
  // A required check that a hook or an unhandled error failed is no pass.
  const outcome = test.result().state === 'failed' ? 'fail' : meta.outcome
  return { check: test.name, outcome, ...(meta.reason === undefined ? {} : { reason: meta.reason }) }
}

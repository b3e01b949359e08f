import { describe, expect, type TestContext, test } from 'vitest'
import { type Bench, runOn } from './bench.ts'
import { readOutcomes } from './report/outcomes-file.ts'
import { type Row, rowByNumber, type SubjectName } from './rows.ts'
import { nginxVersion, subjects } from './subjects/all.ts'
import { TWINS } from './subjects/broken-twins.ts'
import type { Subject } from './subjects/subject.ts'

/** What a test tells the reporter about itself. */
export interface CheckMeta {
  readonly outcome: 'pass' | 'fail' | 'not applicable'
  readonly reason?: string
  readonly nginxVersion?: string
}

declare module 'vitest' {
  interface TaskMeta {
    conformance?: CheckMeta
  }
}

export interface CheckOptions {
  /** Subjects to which this check does not apply, with the reason. */
  readonly notApplicable?: Partial<Record<SubjectName, string>>
  /** Negative control: the broken twin that must fail this check. */
  readonly caught?: keyof typeof TWINS
  readonly timeoutMs?: number
}

type Run = (bench: Bench) => Promise<void>
const known = await readOutcomes()
export type Check = (sentence: string, run: Run, options?: CheckOptions) => void

/** Declares the checks of one row, for every subject, and for the broken twins those that they must fail. */
export function describeRow(number: string, declare: (check: Check) => void): void {
  const row = rowByNumber(number)
  for (const subject of subjects) {
    describe(`row ${number} · ${subject.name}`, () => {
      declare((sentence, run, options = {}) => testCheck(row, subject, { sentence, run, ...options }))
    })
  }
  declare((sentence, run, options = {}) => {
    if (options.caught !== undefined)
      testTwin(`row ${number}`, TWINS[options.caught], { sentence, run, ...options })
  })
}

function testCheck(
  row: Row,
  subject: Subject & { name: SubjectName },
  check: CheckOptions & { sentence: string; run: Run },
): void {
  const timeoutMs = check.timeoutMs ?? 15_000
  const record = (context: TestContext, outcome: CheckMeta['outcome'], reason?: string) => {
    const more = { reason, nginxVersion: subject.name === 'nginx' ? nginxVersion : undefined }
    context.task.meta.conformance = { outcome, ...more } as CheckMeta
  }
  test(check.sentence, { timeout: 2 * (timeoutMs + 5_000) }, async (context) => {
    const reason = check.notApplicable?.[subject.name] ?? row.notApplicable?.[subject.name]
    if (reason !== undefined) {
      record(context, 'not applicable', reason)
      context.skip(reason)
    }
    record(context, 'fail')
    const attempt = () => runOn(subject, check.run, timeoutMs)
    if (row.required.includes(subject.name)) await attempt()
    else {
      const was = known.rows[row.number]?.[subject.name]?.find((one) => one.check === check.sentence)
      const failure = await observe(attempt, was?.outcome)
      if (failure !== undefined) {
        await context.annotate(`recorded, not required: ${firstLineOf(failure)}`)
        return
      }
    }
    record(context, 'pass')
  })
}

/** What another proxy does otherwise than the page says is seen twice before it is said: a moment's fault of the machine is not the proxy's. */
async function observe(
  attempt: () => Promise<void>,
  was: CheckMeta['outcome'] | undefined,
): Promise<Error | undefined> {
  const first = await failureOf(attempt)
  const isAsKnown = was === undefined || was === (first === undefined ? 'pass' : 'fail')
  return isAsKnown ? first : failureOf(attempt)
}

const failureOf = (attempt: () => Promise<void>): Promise<Error | undefined> =>
  attempt().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  )

function testTwin(row: string, twin: Subject, check: CheckOptions & { sentence: string; run: Run }): void {
  const timeoutMs = check.timeoutMs ?? 15_000
  test(`${row} · ${twin.name} is caught: ${check.sentence}`, {
    timeout: timeoutMs + 5_000,
  }, async (context) => {
    const caught = await failureOf(() => runOn(twin, check.run, timeoutMs))
    expect(caught, 'a check that a broken twin passes proves nothing').toBeInstanceOf(Error)
    await context.annotate(`caught: ${firstLineOf(caught)}`)
  })
}

const firstLineOf = (error: Error | undefined): string => error?.message.split('\n')[0] ?? ''

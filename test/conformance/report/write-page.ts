import { ROWS, type Row, SUBJECTS, type SubjectName } from '../rows.ts'
import type { CheckOutcome, Outcomes } from './outcomes.ts'

const HEAD = `# Conformance of the forwarding engines

What must hold when a request is forwarded, and who holds it. Every row is a test file in \`test/conformance/\`, run with raw TCP
clients and raw TCP upstreams, so that bytes are compared and not a library's view of them. Plain HTTP is forwarded by **undici**,
which must pass every row. **http-proxy-middleware** serves upgrades and the endpoints that configure it; it must pass the rows
marked with a star, and its other results are published as they are. **nginx** is no part of the kit: where it can do a row, the
same checks are run on it to see that they ask for nothing odd.

✓ all checks of the row pass · ✗ at least one fails, see below · – not applicable

This page is written by the suite: \`npm run conformance\`. \`npm test\` fails when it does not say what the tests showed.
`

/** Writes docs/reference/conformance.md. Nothing in it changes from run to run unless an outcome does. */
export function writePage(outcomes: Outcomes): string {
  const nginx = outcomes.nginxVersion === undefined ? 'nginx' : `nginx ${outcomes.nginxVersion}`
  const lines = [
    HEAD,
    `| # | case | what must hold | undici | http-proxy-middleware | ${nginx} |`,
    '|---|---|---|:-:|:-:|:-:|',
    ...ROWS.map((row) => writeRow(row, outcomes)),
    '',
    ...SUBJECTS.flatMap((subject) => writeFailures(subject, outcomes)),
    ...writeReasons(outcomes),
    ...writeChecks(outcomes),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

function writeRow(row: Row, outcomes: Outcomes): string {
  const star = row.required.includes('http-proxy-middleware') ? '*' : ''
  const cells = SUBJECTS.map((subject) => {
    const mark = markOf(outcomes.rows[row.number]?.[subject])
    return subject === 'http-proxy-middleware' ? `${mark}${star}` : mark
  })
  return `| ${[row.number, row.title, row.meaning, ...cells.map((cell) => cell.replace('*', '\\*'))].join(' | ')} |`
}

function markOf(checks: readonly CheckOutcome[] | undefined): string {
  const applicable = (checks ?? []).filter(({ outcome }) => outcome !== 'not applicable')
  if (applicable.length === 0) return '–'
  return applicable.every(({ outcome }) => outcome === 'pass') ? '✓' : '✗'
}

const plain = (text: string) => text.replace(/[<>|`\\*_[\]]/g, (character) => `\\${character}`)

function writeFailures(subject: SubjectName, outcomes: Outcomes): string[] {
  const failures = ROWS.flatMap((row) =>
    (outcomes.rows[row.number]?.[subject] ?? [])
      .filter(({ outcome }) => outcome === 'fail')
      .map(({ check }) => `- row ${row.number}: ${plain(check)}`),
  )
  return failures.length === 0 ? [] : [`## What fails on ${subject}`, '', ...failures, '']
}

function writeReasons(outcomes: Outcomes): string[] {
  const reasons = ROWS.flatMap((row) =>
    SUBJECTS.flatMap((subject) => {
      const checks = outcomes.rows[row.number]?.[subject] ?? []
      const given = checks
        .filter(({ outcome }) => outcome === 'not applicable')
        .map(({ reason }) => reason ?? '')
      const scope = given.length === checks.length ? '' : ', in part'
      return [...new Set(given)].map((reason) => `- row ${row.number}, ${subject}${scope}: ${plain(reason)}`)
    }),
  )
  return reasons.length === 0 ? [] : ['## What is not applicable, and why', '', ...reasons, '']
}

function writeChecks(outcomes: Outcomes): string[] {
  const sections = ROWS.flatMap((row) => {
    const checks = outcomes.rows[row.number]?.undici ?? []
    if (checks.length === 0) return []
    return ['', `### ${row.number} ${row.title}`, '', ...checks.map(({ check }) => `- ${plain(check)}`)]
  })
  return ['## The checks', ...sections]
}

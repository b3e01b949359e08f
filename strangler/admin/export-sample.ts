import type { KeptSample } from '../core/comparison-store.ts'
import type { ExportAnswer } from './compare-contracts.ts'

/**
 * A sample as a Vitest file that runs by itself: it asks the service, and expects the monolith's answer at the places that differed.
 * What was masked cannot be asked for again: credentials come from the environment.
 */
export function exportSample(sample: KeptSample): ExportAnswer {
  const { id, at, endpoint, request, differences, primary, answers } = sample
  const monolith = primary === 'monolith' ? answers.primary : answers.shadow
  const places = differences.map(({ path }) => path).filter((path) => path.startsWith('$'))
  const text = `// Sample ${id} of ${at}: ${oneLine(endpoint)}. Written by \`strangler compare export\`.
// TARGET_URL=http://127.0.0.1:3001 AUTHORIZATION='Bearer …' npx vitest run ${fileNameOf(sample)}
import { expect, test } from 'vitest'

const target = process.env.TARGET_URL
if (target === undefined) throw new Error('TARGET_URL is the address of the service')
const headers: Record<string, string> = ${inspect(plainHeaders(request.headers))}
if (process.env.AUTHORIZATION !== undefined) headers.authorization = process.env.AUTHORIZATION

const expected = ${inspect(parse(monolith.body))}

/** Every value at a path, \`[]\` being any entry of a list. */
function valuesAt(value: unknown, path: string): unknown[] {
  let found = [value]
  for (const [step, quoted, plain] of path.matchAll(/\\[\\]|\\["((?:[^"\\\\]|\\\\.)*)"\\]|\\.([^.[\\]]+)/g)) {
    const name = quoted === undefined ? plain : JSON.parse(\`"\${quoted}"\`)
    found = found.flatMap((one) => (step === '[]' ? (Array.isArray(one) ? one : []) : [(one as never)?.[name as never]]))
  }
  return found
}

test(${inspect(`${oneLine(endpoint)} answers as the monolith did`)}, async () => {
  const response = await fetch(new URL(${inspect(request.target)}, target), {
    method: ${inspect(request.method)},
    redirect: 'manual',
    headers,${request.body === undefined ? '' : `\n    body: ${inspect(request.body)},`}
  })
  expect(response.status).toBe(${monolith.status})
  const text = await response.text()
  for (const path of ${inspect([...new Set(places)])}) {
    expect(valuesAt(JSON.parse(text), path), path).toEqual(valuesAt(expected, path))
  }
})
`
  return { fileName: fileNameOf(sample), text }
}

function fileNameOf({ endpoint, id }: KeptSample): string {
  const name = endpoint
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
  return `${name}-${id
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 6)
    .toLowerCase()}.test.ts`
}

/** Only what decides the representation; of the rest nothing is known to be plain. */
const ASKED_WITH = new Set(['accept', 'accept-language', 'content-type', 'if-none-match', 'if-match'])

function plainHeaders(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase()
    if (ASKED_WITH.has(name)) headers[name] = raw[i + 1] as string
  }
  return headers
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // No JSON, or cut: then only the status is expected.
    return undefined
  }
}

function inspect(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined'
}

// It goes into a comment, and must not end it.
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\u2028\u2029]/g, ' ')
}

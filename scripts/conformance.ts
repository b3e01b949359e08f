import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** `npm run conformance [-- row-14]`: runs the conformance suite, or a part of it, and writes what it showed to docs/reference/conformance.md. */
const child = spawn(
  'vitest',
  ['run', ...(process.argv.length > 2 ? process.argv.slice(2) : ['test/conformance/row-'])],
  {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, CONFORMANCE_WRITE: '1' },
  },
)
const [code] = (await once(child, 'exit')) as [number | null]
process.exitCode = code ?? 1

import { expect, test } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'
import { createDeadlines } from '../../strangler/proxy/proxy-context.ts'
import { createUpstream } from '../../strangler/proxy/upstream.ts'
import { compileTable } from '../../strangler/routing/compile-table.ts'
import { EMPTY_STATE } from '../../strangler/routing/fold-journal.ts'

test('a deadline of the proxy holds where a side or an endpoint sets only another one', () => {
  const config = checkConfig({
    sides: {
      monolith: 'http://127.0.0.1:3000',
      inventory: { url: 'http://127.0.0.1:3001', deadlines: { headersMs: 5_000 } },
    },
    capabilities: {
      inventory: { endpoints: [{ endpoint: 'GET /report', deadlines: { totalMs: 9_000 } }] },
    },
    proxy: { deadlines: { connectMs: 77 } },
  })
  const side = config.sides['inventory']
  const route = compileTable(config, EMPTY_STATE).match('GET', '/report')
  if (side === undefined) throw new Error('the side is configured above')
  const deadlinesFor = createDeadlines(config)
  const upstream = createUpstream('inventory', side)

  expect(deadlinesFor(undefined, upstream)).toEqual({ connectMs: 77, headersMs: 5_000, totalMs: 600_000 })
  expect(deadlinesFor(route, upstream)).toEqual({ connectMs: 77, headersMs: 5_000, totalMs: 9_000 })
})

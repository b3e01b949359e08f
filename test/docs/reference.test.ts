import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { writeAdminPage } from '../../scripts/reference/admin-shapes.ts'
import { listConfigKeys, writeConfigPage } from '../../scripts/reference/config-page.ts'
import { writeErrorsPage } from '../../scripts/reference/errors-page.ts'
import { LOG_FIELDS } from '../../scripts/reference/log-page.ts'
import { REFERENCE, writePages } from '../../scripts/reference/pages.ts'
import { ADMIN_EXCHANGES } from '../../strangler/admin/admin-exchanges.ts'
import { checkConfig } from '../../strangler/config/define-config.ts'
import { describeError, ERRORS, StranglerError } from '../../strangler/core/errors.ts'
import { createMetrics } from '../../strangler/telemetry/metrics.ts'
import { serveThroughProxy } from './serve-through-proxy.ts'

const written = await writePages()
const readPage = (name: string) => readFile(path.join(REFERENCE, name), 'utf8')

test.each(Object.keys(written))('%s says what the code says; `npm run docs` writes it anew', async (name) => {
  expect(await readPage(name)).toBe(written[name])
})

test('every error of the catalogue is thrown or answered somewhere, or its section says that it is not', async () => {
  const strangler = path.join(import.meta.dirname, '../../strangler')
  const files = (await readdir(strangler, { recursive: true })).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('error-catalogue.ts'),
  )
  const code = (await Promise.all(files.map((file) => readFile(path.join(strangler, file), 'utf8')))).join(
    '\n',
  )
  const unused = Object.entries(ERRORS)
    .filter(([name, { when }]) => !code.includes(`'${name}'`) && !when.startsWith('Not raised'))
    .map(([name]) => name)
  expect(unused).toEqual([])
})

test('the place that a message names is a section of the page', async () => {
  const message = describeError(new StranglerError('STRANGLER_PORT_IN_USE', 'It is taken.'))
  const anchor = /errors\.md#(\w+)/.exec(message)?.[1]
  expect(anchor).toBe('strangler_port_in_use')
  expect((await readPage('errors.md')).toLowerCase()).toContain(`\n## ${anchor}\n`)
  expect(writeErrorsPage({}).toLowerCase()).not.toContain(`\n## ${anchor}\n`)
})

test('a key of the configuration that nobody has explained stops the writing of its page, and so does one that is gone', () => {
  const keys = listConfigKeys()
  expect(() => writeConfigPage([...keys, { key: 'proxy.speed', type: 'number', fallback: '–' }])).toThrow(
    'lacks proxy.speed',
  )
  expect(() => writeConfigPage(keys.slice(1))).toThrow('explains sides.<name>.url')
  expect(listConfigKeys(z.object({ a: z.object({ b: z.int().default(7) }).prefault({}) }))).toMatchObject([
    { key: 'a.b', fallback: '`7`' },
  ])
})

test('the defaults on the page are those that a configuration gets', () => {
  const config = checkConfig({
    sides: { monolith: 'http://127.0.0.1:1', a: 'http://127.0.0.1:2' },
    capabilities: { a: { endpoints: ['GET /a'] } },
  })
  const withDefault = listConfigKeys().filter(({ fallback }) => fallback.startsWith('`'))
  expect(withDefault.length).toBeGreaterThan(15)
  for (const { key, fallback } of withDefault) {
    const steps = key.replace('<name>', 'a').replaceAll('[]', '.0').split('.')
    const value = steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], config)
    expect(`\`${JSON.stringify(value)}\``, key).toBe(fallback)
  }
})

test('the page of the admin API has the shapes of every address in its tables', async () => {
  const page = await readPage('admin-api.md')
  const addresses = [...page.matchAll(/^\| `((?:GET|POST) \/api[^`?]+)/gm)].map(([, address]) => address)
  expect(addresses.sort()).toEqual(Object.keys(ADMIN_EXCHANGES).sort())
  expect(writeAdminPage('# By hand\n')).toMatch(/^# By hand\n\n<!-- .* -->\n\n## Shapes/)
})

test('the page of metrics names every metric of the kit', async () => {
  const page = await readPage('metrics.md')
  const named = [...page.matchAll(/^\| `(strangler_\w+)`/gm)].map(([, name]) => name)
  const { registry } = createMetrics()
  const scraped = [...(await registry.metrics()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? '')
  const own = scraped.filter((name) => !/^(process|nodejs)_/.test(name))
  expect(named).toEqual(own)
})

test('the page of the access log explains every field of a real line, and no other', async () => {
  const { line } = await serveThroughProxy({ mode: 'canary=50' })
  const { line: failed } = await serveThroughProxy({ mode: 'service', dead: true, method: 'POST' })
  expect(failed['code']).toBe('STRANGLER_UPSTREAM_REFUSED')
  const seen = new Set([...Object.keys(line), ...Object.keys(failed)])
  expect([...seen].sort()).toEqual(Object.keys(LOG_FIELDS).sort())
})

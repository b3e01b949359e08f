import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { main } from '../../strangler/cli/main.ts'
import { loadConfig } from '../../strangler/config/load-config.ts'
import { type Running, runMain, runStrangler, startStrangler } from '../cli/run-strangler.ts'
import { createMariaDatabase } from '../support/mariadb.ts'
import { requireProgram } from '../support/optional.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { type Library, startLibrary } from './library.ts'

// Each command is a process of its own.
vi.setConfig({ testTimeout: 60_000 })

const mariadbd = await requireProgram('mariadb')
const SLOW_MS = 90_000
const started: Running[] = []
let folder: string
let control: TestDatabase

beforeAll(async () => {
  // Where nothing is installed: the configuration imports types only, which Node takes out.
  folder = await mkdtemp(join(tmpdir(), 'strangler-init-'))
  control = await createTestDatabase('init_control')
})
afterAll(async () => {
  for (const { child, ended } of started) {
    child.kill('SIGKILL')
    await ended
  }
  await rm(folder, { recursive: true, force: true })
  await control.drop()
})

const OPENAPI = {
  openapi: '3.1.0',
  paths: Object.fromEntries(
    [
      ['/books', 'get'],
      ['/books/{isbn}', 'get'],
      ['/members/{id}', 'get'],
      ['/members/{id}/loans', 'get'],
      ['/loans', 'post'],
      ['/healthz', 'get'],
    ].map(([path, method]) => [path, { [method ?? '']: { responses: {} } }]),
  ),
}

describe.each(['postgres', 'mariadb'] as const)(
  'strangler init, on a monolith in %s that is not the sample',
  (kind) => {
    const isSkipped = kind === 'mariadb' && mariadbd === undefined
    let database: { url: string; drop(): Promise<void> }
    let library: Library
    const file = join(tmpdir(), `strangler-init-${kind}-${process.pid}.json`)
    const place = () => join(folder, kind)
    const out = () => join(place(), 'strangler.config.ts')
    beforeAll(async () => {
      if (isSkipped) return
      database = await (kind === 'mariadb' ? createMariaDatabase('library') : createTestDatabase('library'))
      library = await startLibrary(database.url)
      await writeFile(file, JSON.stringify(OPENAPI))
    }, SLOW_MS)
    afterAll(async () => {
      await library?.stop()
      await database?.drop()
      await rm(file, { force: true })
    })

    test.skipIf(isSkipped)(
      'reads the document and the tables, and writes a configuration with which the kit serves',
      async () => {
        const args = ['init', '--yes', '--monolith', library.url, '--openapi', file, '--out', out(), '--json']
        const { code, stdout, stderr } = await runMain([...args, '--database', database.url], {})
        expect(stderr).toBe('')
        expect(code).toBe(0)
        expect(JSON.parse(stdout)).toEqual({
          file: out(),
          learntFrom: 'an OpenAPI document',
          capabilities: [
            { name: 'books', endpoints: 2, tables: 2 },
            { name: 'members', endpoints: 2, tables: 1 },
            { name: 'loans', endpoints: 1, tables: 1 },
          ],
          left: { endpoints: ['GET /healthz'], tables: [] },
          needs: new URL(database.url).password === '' ? [] : ['MONOLITH_DATABASE_URL'],
        })
        const { config } = await loadConfig(out())
        expect(config.capabilities['books']?.tables.map(({ table }) => table)).toEqual(['book_tags', 'books'])
        expect(config.sides['books']?.url).toBe(library.url)

        const kit = startStrangler(['start', '--port', '0', '--admin-port', '0', '--json'], {
          cwd: place(),
          env: {
            ...{ STRANGLER_CONTROL_URL: control.url, STRANGLER_NO_REDIS: '1' },
            MONOLITH_DATABASE_URL: database.url,
          },
        })
        started.push(kit)
        const { proxyUrl } = JSON.parse(/\{"proxyUrl".*\}/.exec(await kit.until(/\{"proxyUrl".*\}\n/))![0])
        const answer = await fetch(`${proxyUrl}/books/978-0201633610`)
        expect(await answer.json()).toMatchObject({ title: 'Design Patterns', pages: 395 })
        const routes = await runStrangler(['route', 'list', '--json'], { cwd: place() })
        expect(JSON.parse(routes.stdout).routes).toHaveLength(5)
        kit.child.kill('SIGTERM')
        expect((await kit.ended).code).toBe(0)
      },
      SLOW_MS,
    )

    test.skipIf(isSkipped)('replaces nothing that is there, unless it is told to', async () => {
      const args = ['init', '--yes', '--monolith', library.url, '--openapi', file, '--out', out()]
      await writeFile(out(), '// mine')
      const refused = await runMain(args, {})
      expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('STRANGLER_FILE_EXISTS') })
      expect(await readFile(out(), 'utf8')).toBe('// mine')
      expect((await runMain([...args, '--force'], {})).code).toBe(0)
      expect(await readFile(out(), 'utf8')).toContain('satisfies ConfigInput')
    })
  },
)

describe('strangler init', () => {
  let database: TestDatabase
  let library: Library
  beforeAll(async () => {
    database = await createTestDatabase('library')
    library = await startLibrary(database.url)
  })
  afterAll(async () => {
    await library.stop()
    await database.drop()
  })
  const base = () => ['init', '--yes', '--monolith', library.url]

  test('learns from traffic: values become parameters, what the monolith does not know and assets do not count', async () => {
    const out = join(folder, 'watched.ts')
    const watching = startStrangler([...base(), '--observe', '600', '--port', '0', '--out', out])
    started.push(watching)
    const seen = await watching.until(/send your requests to (http:\S+)/)
    const url = /send your requests to (http:\S+)/.exec(seen)?.[1]
    const paths = [
      '/books',
      '/books',
      '/books/978-0131103627',
      '/books/978-0262510875',
      '/members/2',
      '/members/2/loans',
    ]
    for (const path of [...paths, '/healthz', '/no/such/page', '/logo.png'])
      await fetch(url + path).then((answer) => answer.text())
    await fetch(`${url}/loans`, { method: 'POST', body: '{}' }).then((answer) => answer.text())
    watching.child.kill('SIGINT')
    expect((await watching.ended).code).toBe(0)
    const { config } = await loadConfig(out)
    expect(
      Object.entries(config.capabilities).map(([name, { endpoints }]) => [
        name,
        endpoints.map((one) => one.endpoint),
      ]),
    ).toEqual([
      ['books', ['GET /books', 'GET /books/:id']],
      ['members', ['GET /members/:id', 'GET /members/:id/loans']],
      ['loans', ['POST /loans']],
    ])
    const text = await readFile(out, 'utf8')
    expect(text).toContain("'GET /books', // 2 requests")
    expect(text).toContain('from 8 requests of at most 600 s and no database.')
    expect(text).toContain('so with the monolith for good: GET /healthz')
  })

  test('writes no configuration when nobody has sent a request', async () => {
    const out = join(folder, 'nothing.ts')
    const { code, stderr } = await runMain([...base(), '--observe', '0', '--port', '0', '--out', out], {})
    expect(code).toBe(3)
    expect(stderr).toContain('STRANGLER_NOTHING_LEARNT')
    expect(existsSync(out)).toBe(false)
  })

  test('writes no password into the file, and says which variable holds it', async () => {
    const out = join(folder, 'secret.ts')
    const url = new URL(database.url)
    if (url.password === '') url.password = 'se-cret'
    const document = join(folder, 'openapi.yaml')
    await writeFile(document, 'openapi: 3.0.0\npaths:\n  /books:\n    get: {responses: {}}\n')
    const args = [...base(), '--openapi', document, '--database', url.href, '--out', out]
    const { code, stdout } = await runMain(args, {})
    expect(code).toBe(0)
    expect(stdout).toContain("export MONOLITH_DATABASE_URL='…'")
    expect(await readFile(out, 'utf8')).not.toContain(url.password)
    expect(stdout).not.toContain(url.password)
  })

  test.each([
    ['without a monolith', ['init', '--yes'], 2, 'It is not known where the monolith answers'],
    ['with what is no address', ['init', '--yes', '--monolith', 'localhost'], 2, 'no address of a monolith'],
    [
      'where nobody listens',
      ['init', '--yes', '--monolith', 'http://127.0.0.1:9'],
      1,
      'STRANGLER_SIDE_UNREACHABLE',
    ],
    [
      'with a database of another kind',
      ['--database', 'mongodb://127.0.0.1/shop'],
      2,
      'no address of a database',
    ],
    [
      'with a database that is away',
      ['--database', 'postgres://127.0.0.1:9/shop'],
      4,
      'correct `--database`',
    ],
    ['with a document that is none', ['--openapi', 'package.json'], 2, 'STRANGLER_OPENAPI_UNREADABLE'],
    [
      'with a document that is not there',
      ['--openapi', 'no-such.json'],
      2,
      'no-such.json is no OpenAPI document: there is no such file.',
    ],
    ['with a name that the kit would not load', ['--out', 'config.py'], 2, 'is no TypeScript file'],
  ])('%s says what was found and what mends it', async (_name, args, code, named) => {
    const refused = ['--out', join(folder, 'refused.ts')]
    const whole = args[0] === 'init' ? [...args, ...refused] : [...base(), ...refused, ...args]
    const result = await runMain(whole, {})
    expect(result).toMatchObject({ code, stdout: '' })
    expect(result.stderr).toContain(named)
    expect(existsSync(join(folder, 'refused.ts'))).toBe(false)
  })

  test('asks whoever sits at the terminal for what was not given; an empty answer is the default', async () => {
    const out = join(folder, 'asked.ts')
    const document = join(folder, 'asked.json')
    await writeFile(document, JSON.stringify(OPENAPI))
    const stdin = Object.assign(new PassThrough(), { isTTY: true })
    let shown = ''
    const answers = [
      ['monolith answer', library.url],
      ['Its database', ''],
      ['OpenAPI', document],
    ] as const
    const stream = {
      columns: 100,
      isTTY: true,
      write(chunk: unknown) {
        const text = String(chunk)
        shown += text
        const next = answers.find(([question]) => text.includes(question))
        if (next !== undefined) setImmediate(() => stdin.write(`${next[1]}\n`))
        return true
      },
    }
    const code = await main(['init', '--out', out], {
      stdout: stream,
      stderr: stream,
      stdin,
      env: { NO_COLOR: '1' },
    })
    expect(code).toBe(0)
    expect(shown).toContain('Where does the monolith answer? [http://127.0.0.1:3000]')
    expect(shown).toContain('books: 2 endpoints, 0 tables')
    expect((await loadConfig(out)).config.sides['monolith']?.database).toBeUndefined()
  })
})

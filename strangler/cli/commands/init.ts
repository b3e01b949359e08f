import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { countOf } from '../../core/count-of.ts'
import { StranglerError } from '../../core/errors.ts'
import { probeSide } from '../../infra/probe-side.ts'
import type { SeenEndpoint } from '../../init/seen-endpoint.ts'
import { type WrittenConfig, writeConfig } from '../../init/write-config.ts'
import { type Ask, openQuestions } from '../ask.ts'
import { parsePort, parseWhole } from '../parse-mode.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'
import { refuseToReplace, writeNewFile } from '../write-new-file.ts'

interface InitOptions {
  readonly monolith?: string
  readonly database?: string
  readonly openapi?: string
  readonly observe?: number
  readonly port: number
  readonly out: string
  readonly force?: true
  readonly yes?: true
  readonly json?: true
}

const HELP = `
Examples:
  strangler init
  strangler init --monolith http://127.0.0.1:3000 --openapi http://127.0.0.1:3000/openapi.json
  strangler init --monolith http://127.0.0.1:3000 --database postgres://shop@127.0.0.1:5432/shop --observe 60 --yes

What is not given is asked for, where somebody sits at the terminal. With --observe the command listens at --port and hands every
request on to the monolith; point a client or a test suite there. Ctrl-C ends the watching, and what was seen counts. The database is
only read, and no password is written: the configuration takes the address from MONOLITH_DATABASE_URL.`

export function addInit(parent: Command, terminal: Terminal): void {
  parent
    .command('init')
    .description(
      'write a first configuration for a monolith: its endpoints, its tables, and what may belong together',
    )
    .option('--monolith <url>', 'where it answers')
    .option('--database <url>', 'its database: postgres://… or mariadb://… (MONOLITH_DATABASE_URL)')
    .option('--openapi <file>', 'learn the endpoints from this document, a file or an address')
    .option(
      '--observe <seconds>',
      'learn them from the traffic of so many seconds (default: 60, where no document is named)',
      parseWhole,
    )
    .option('--port <port>', 'where to listen meanwhile; 0 takes a free one', parsePort, 8_080)
    .option('--out <file>', 'where to write', 'strangler.config.ts')
    .option('--force', 'replace what is there')
    .option('--yes', 'ask nothing; what is not given is left out')
    .option('--json', 'print what was found as JSON')
    .addHelpText('after', HELP)
    .action((options: InitOptions) => init(terminal, options))
}

async function init(terminal: Terminal, options: InitOptions): Promise<void> {
  const { out, force = false } = options
  if (!/\.m?ts$/.test(out))
    throw notUnderstood(`"${out}" is no TypeScript file.`, 'Name one like strangler.config.ts.')
  if (!force && existsSync(out)) throw refuseToReplace(out)
  const answers = await answerAll(terminal, options)
  await probeSide('monolith', answers.monolithUrl, 'Start the monolith, or correct --monolith.')
  // Loaded here and not above: the other commands need neither the proxy nor a database.
  const part = await import('../../init-part.ts')
  const { databaseUrl } = answers
  const tables = databaseUrl === undefined ? undefined : await part.readMonolithTables(databaseUrl)
  const learnt = await learn(terminal, part, { ...answers, port: options.port })
  if (learnt.endpoints.length === 0) {
    throw new StranglerError(
      'STRANGLER_NOTHING_LEARNT',
      `No endpoint was learnt from ${learnt.learntFrom}.`,
      {
        fix: 'Send requests to the port that is named, for longer (--observe 600), or name an OpenAPI document with --openapi.',
      },
    )
  }
  const day = new Date().toISOString().slice(0, 10)
  const written = writeConfig({ ...answers, ...learnt, tables, day })
  await writeNewFile(out, written.text, { force })
  if (options.json) {
    const { text: _text, ...found } = written
    return writeJson(terminal, { file: out, learntFrom: learnt.learntFrom, ...found })
  }
  announce(terminal, out, written)
}

interface Answers {
  readonly monolithUrl: string
  readonly databaseUrl: string | undefined
  readonly openapi: string | undefined
  readonly seconds: number
}

const DEFAULT_SECONDS = 60

async function answerAll(terminal: Terminal, options: InitOptions): Promise<Answers> {
  const questions = options.yes ? undefined : openQuestions(terminal)
  try {
    return await checkAnswers(options, questions?.ask, terminal.env)
  } finally {
    questions?.close()
  }
}

async function checkAnswers(
  options: InitOptions,
  ask: Ask | undefined,
  env: Terminal['env'],
): Promise<Answers> {
  const monolithUrl =
    options.monolith ?? (await ask?.('Where does the monolith answer?', 'http://127.0.0.1:3000'))
  if (monolithUrl === undefined)
    throw notUnderstood(
      'It is not known where the monolith answers.',
      'Name it: --monolith http://127.0.0.1:3000.',
    )
  requireUrl(monolithUrl, /^https?:$/, 'a monolith, like http://127.0.0.1:3000')
  const database =
    options.database ??
    env['MONOLITH_DATABASE_URL'] ??
    (await ask?.('Its database, postgres://… or mariadb://… (empty: none)?')) ??
    ''
  if (database !== '')
    requireUrl(
      database,
      /^(postgres(ql)?|mariadb|mysql):$/,
      'a database, like postgres://shop@127.0.0.1:5432/shop',
    )
  const isTold = options.openapi !== undefined || options.observe !== undefined
  const openapi =
    options.openapi ??
    (isTold ? '' : await ask?.('Its OpenAPI document, a file or an address (empty: watch traffic)?')) ??
    ''
  const seconds =
    openapi !== '' || options.observe !== undefined
      ? (options.observe ?? 0)
      : Number((await ask?.('Watch for how many seconds?', String(DEFAULT_SECONDS))) ?? DEFAULT_SECONDS)
  if (!Number.isInteger(seconds) || seconds > 86_400)
    throw notUnderstood(
      `"${seconds}" is no number of seconds.`,
      'Write it like --observe 60; a day is the most.',
    )
  return {
    monolithUrl: new URL(monolithUrl).origin,
    databaseUrl: database === '' ? undefined : database,
    openapi: openapi === '' ? undefined : openapi,
    seconds,
  }
}

function requireUrl(text: string, protocol: RegExp, what: string): void {
  // Not shown: the address of a database may hold a password.
  if (!URL.canParse(text) || !protocol.test(new URL(text).protocol))
    throw notUnderstood(`What was given is no address of ${what}.`, 'Correct --monolith or --database.')
}

const notUnderstood = (message: string, fix: string) =>
  new StranglerError('STRANGLER_INVALID_COMMAND', message, { fix })

type InitPart = typeof import('../../init-part.ts')

async function learn(
  terminal: Terminal,
  part: InitPart,
  { monolithUrl, openapi, seconds, port }: Answers & { readonly port: number },
): Promise<{ endpoints: readonly SeenEndpoint[]; learntFrom: string }> {
  if (openapi !== undefined)
    return { endpoints: await part.readEndpoints(openapi), learntFrom: 'an OpenAPI document' }
  const stop = new AbortController()
  const onSignal = () => stop.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal)
  try {
    const { endpoints, requests } = await part.watchEndpoints({
      ...{ monolithUrl, port, seconds, stop: stop.signal },
      onListening: (url) =>
        terminal.stderr.write(`Watching for ${seconds} s: send your requests to ${url} (Ctrl-C ends it).\n`),
    })
    return { endpoints, learntFrom: `${countOf(requests, 'request')} of at most ${seconds} s` }
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal)
  }
}

function announce(terminal: Terminal, file: string, { capabilities, left, needs }: WrittenConfig): void {
  writeLine(terminal, `${file} is written.`)
  for (const { name, endpoints, tables } of capabilities)
    writeLine(terminal, `  ${name}: ${countOf(endpoints, 'endpoint')}, ${countOf(tables, 'table')}`)
  if (left.endpoints.length + left.tables.length > 0)
    writeLine(
      terminal,
      `In no capability: ${countOf(left.endpoints.length, 'endpoint')}, ${countOf(left.tables.length, 'table')}; the file names them.`,
    )
  writeLine(terminal, '')
  writeLine(terminal, 'Read it, then:')
  for (const name of needs) writeLine(terminal, `  export ${name}='…'    # with its password`)
  writeLine(terminal, '  npx strangler start      # every request still goes to the monolith')
  writeLine(
    terminal,
    '  npx strangler assess     # once it has seen traffic: what hurts, and what a split would cut',
  )
}

import { stripTypeScriptTypes } from 'node:module'
import { describe, expect, test } from 'vitest'
import type { ColumnFamily, ColumnShape, TableShape } from '../../strangler/core/sync-words.ts'
import { columnTypeOf } from '../../strangler/extract/column-type.ts'
import type { TypedTable } from '../../strangler/extract/match-row.ts'
import { planRead } from '../../strangler/extract/plan-read.ts'
import { type TableMapping, toServiceTables } from '../../strangler/extract/service-table.ts'
import { writeService } from '../../strangler/extract/write-service.ts'

const column = (name: string, type: string, family: ColumnFamily): ColumnShape => ({
  ...{ name, type, family },
  ...{ nullable: false, generated: false, identity: false },
})
const BOOKS: TableShape = {
  ...{ schema: 'public', name: 'books', key: ['isbn'], keyDeferrable: false, uniques: [['shelf_no']] },
  columns: [
    column('isbn', 'text', 'text'),
    column('title', 'text', 'text'),
    column('page_count', 'integer', 'integer'),
    column('shelf_no', 'integer', 'integer'),
    column('author_id', 'bigint', 'integer'),
  ],
  foreignKeys: [
    {
      ...{ name: 'fk', columns: ['author_id'], referencedTable: 'authors', referencedColumns: ['id'] },
      ...{ onDelete: 'NO ACTION', onUpdate: 'NO ACTION', deferrable: false },
    },
  ],
}
const MAPPING: TableMapping = { table: 'books', isComputed: false }

const typed = (mapping = MAPPING): TypedTable[] =>
  toServiceTables([BOOKS], [mapping]).map((table) => ({
    ...table,
    types: new Map(
      table.columns.map(({ name, shape }) => [name, columnTypeOf(shape, 'postgres', 'postgres')]),
    ),
  }))

const TEXT = { type: 'string' }
const WHOLE = { type: 'integer' }
const row = (properties: object) => ({ type: 'object', properties })
const list = (properties: object) => ({ type: 'array', items: row(properties) })

function plan(endpoint: string, schema: object | undefined, queries: string[] = [], mapping = MAPPING) {
  const [method = '', path = ''] = endpoint.split(' ')
  const content = { 'application/json': schema === undefined ? {} : { schema } }
  const operation = {
    parameters: queries.map((name) => ({ name, in: 'query' })),
    responses: { '200': { content } },
  }
  const paths = { [path.replaceAll(/:(\w+)/g, '{$1}')]: { [method.toLowerCase()]: operation } }
  return planRead(endpoint, { contract: { paths }, tables: typed(mapping) })
}

describe('a GET is answered from the database where its answer is', () => {
  test.each([
    ['a row by its key', 'GET /books/:isbn', row({ isbn: TEXT, pageCount: WHOLE }), { shape: 'row' }],
    [
      'a row by `:id`, where its key has another name',
      'GET /books/:id',
      row({ isbn: TEXT }),
      { path: [{ column: { name: 'isbn' } }] },
    ],
    ['a row by another unique column', 'GET /shelves/:shelfNo', row({ title: TEXT }), { shape: 'row' }],
    [
      'a row inside of an object',
      'GET /books/:isbn',
      row({ book: row({ isbn: TEXT }) }),
      { shape: 'row', envelope: [['book', { kind: 'row' }]] },
    ],
    ['a list', 'GET /books', list({ title: TEXT }), { shape: 'rows' }],
    ['a list by a column', 'GET /authors/:authorId/books', list({ title: TEXT }), { shape: 'rows' }],
    [
      'a list with its count, in the order of the contract',
      'GET /books',
      row({ count: WHOLE, items: list({ title: TEXT }), generatedAt: TEXT, requestId: TEXT }),
      {
        envelope: [
          ['count', { kind: 'count' }],
          ['items', { kind: 'rows' }],
          ['generatedAt', { kind: 'now' }],
          ['requestId', { kind: 'request-id' }],
        ],
      },
    ],
  ])('%s', (_name, endpoint, schema, expected) => {
    expect(plan(endpoint, schema)).toMatchObject({ read: expected })
  })

  test('pages and columns of its query are read, and a page that nobody asks for is no part of the answer', () => {
    const schema = row({ items: list({ title: TEXT }), page: WHOLE, pageSize: WHOLE, total: WHOLE })
    expect(plan('GET /books', schema, ['page', 'pageSize', 'title'])).toMatchObject({
      read: { paging: { page: 'page', size: 'pageSize' }, query: [{ parameter: 'title' }] },
    })
    expect(plan('GET /books', schema)).toEqual({ because: '"page" of its answer is no column' })
  })

  test('by what the configuration calls its columns, and by what the monolith does', () => {
    const renamed = { ...MAPPING, columns: { page_count: 'pages', title: null } }
    expect(plan('GET /books', list({ pages: WHOLE }), [], renamed)).toHaveProperty('read')
    expect(plan('GET /books', list({ pageCount: WHOLE }), [], renamed)).toHaveProperty('read')
    expect(plan('GET /books', list({ title: TEXT }), [], renamed)).toHaveProperty('because')
  })
})

describe('and left to a person, with the reason, where', () => {
  test.each([
    ['it is no GET', 'POST /books', row({ isbn: TEXT }), 'it is no GET'],
    [
      'a member is no column',
      'GET /books',
      list({ title: TEXT, stars: WHOLE }),
      'its answer is not made of the rows of one table',
    ],
    [
      'a member has another type',
      'GET /books',
      list({ title: { type: 'boolean' } }),
      'its answer is not made of the rows of one table',
    ],
    [
      'two members are lists of rows',
      'GET /books',
      row({ a: list({ title: TEXT }), b: list({ title: TEXT }) }),
      'its answer is not made of the rows of one table',
    ],
    ['nothing is said of its answer', 'GET /books', undefined, 'its answer is no JSON with 200'],
    ['its path names no column', 'GET /books/:slug', row({ title: TEXT }), 'books has no column for :slug'],
    [
      'its path may name several rows',
      'GET /by-title/:title',
      row({ isbn: TEXT }),
      'its path does not name one row of books',
    ],
  ])('%s', (_name, endpoint, schema, because) => {
    expect(plan(endpoint, schema)).toEqual({ because })
  })

  test('the contract has not seen it', () => {
    const tables = typed()
    expect(planRead('GET /books', { contract: undefined, tables })).toHaveProperty('because')
  })
})

test('what a database or a configuration has as a name stays a text in the code', () => {
  const name = "o'clock\n*/ `" + '$' + '{x}` \\'
  const hostile = {
    ...BOOKS,
    name,
    columns: [...BOOKS.columns, column(`we"ird'`, 'text', 'text')],
    key: [`we"ird'`],
  }
  const { files } = writeService({
    ...{ capability: 'books', tables: [hostile], mappings: [{ table: name, isComputed: false }] },
    ...{ from: 'postgres', to: 'postgres', contract: undefined, port: 3_001, versions: {}, engine: '*' },
    endpoints: [{ endpoint: "GET /a'b", path: "/a'b" }],
  })
  const sources = Object.entries(files).filter(([file]) => file.endsWith('.ts'))
  expect(sources.map(([file]) => file)).toEqual(['about.ts', 'entities.ts', 'endpoints.ts'])
  // Whatever had got out of its quotes would no longer be parsed.
  for (const [file, text] of sources) expect(() => stripTypeScriptTypes(text), file).not.toThrow()
  expect(() => stripTypeScriptTypes(`const name = '${name}'`)).toThrow()
})

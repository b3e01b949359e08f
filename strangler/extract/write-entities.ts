import type { TypedTable } from './match-row.ts'
import type { ServiceColumn } from './service-table.ts'
import { comment, literal, memberKey, object } from './write-code.ts'

/** `entities.ts`: an interface and an `EntitySchema` for each table. */
export function writeEntities(capability: string, tables: readonly TypedTable[]): string {
  return [
    "import { EntitySchema } from 'typeorm'",
    '',
    `/** The tables of ${comment(capability)}, as the monolith's database has them. Change a table by a migration, and here. */`,
    '',
    ...tables.flatMap((table) => writeEntity(table, tables)),
    `export const entities = [${tables.map(({ entity }) => `${entity}Schema`).join(', ')}] as unknown as EntitySchema<never>[]`,
    '',
    '/** What the entities have no word for; run once, when the tables are made. */',
    ...writeDeclared(tables),
    '',
  ].join('\n')
}

function writeDeclared(tables: readonly TypedTable[]): string[] {
  const statements = tables.flatMap(({ name, columns, types }) =>
    columns.flatMap((column) => {
      const declared = types.get(column.name)?.declared
      if (declared === undefined) return []
      const nullable = column.shape.nullable ? 'NULL' : 'NOT NULL'
      return [
        `  ${literal(`ALTER TABLE ${quote(name)} MODIFY ${quote(column.name)} ${declared} ${nullable}`)},`,
      ]
    }),
  )
  if (statements.length === 0) return ['export const declarations: string[] = []']
  return ['export const declarations = [', ...statements, ']']
}

/** MariaDB's way; in PostgreSQL there is nothing to be said besides. */
const quote = (name: string) => `\`${name.replaceAll('`', '``')}\``

function writeEntity(table: TypedTable, tables: readonly TypedTable[]): string[] {
  const { entity, columns, name } = table
  return [
    ...table.todos.map((todo) => `// TODO ${comment(name)}: ${comment(todo)}.`),
    `export interface ${entity} {`,
    ...columns.map((column) => `  ${column.property}: ${codeTypeOf(table, column)}`),
    '}',
    '',
    `export const ${entity}Schema = new EntitySchema<${entity}>({`,
    `  name: ${literal(entity)},`,
    `  tableName: ${literal(name)},`,
    '  columns: {',
    ...columns.map((column) => writeColumn(table, column)),
    '  },',
    ...writeUniques(table),
    ...writeForeignKeys(table, tables),
    '})',
    '',
  ]
}

function codeTypeOf({ types }: TypedTable, { name, shape }: ServiceColumn): string {
  const code = types.get(name)?.code ?? 'unknown'
  return shape.nullable && code !== 'unknown' ? `${code} | null` : code
}

/** A number that the database gives out is given out here too, above what the sync has written. */
function writeColumn({ types, key }: TypedTable, { name, property, shape }: ServiceColumn): string {
  const type = types.get(name)
  const isNumber = /^(?:small|medium|big)?int(?:eger)?$/.test(String(type?.options['type']))
  const options: [string, string][] = [
    ...(name === property ? [] : [['name', literal(name)] as [string, string]]),
    ...Object.entries(type?.options ?? {}).map(([option, value]): [string, string] => [
      option,
      literal(value),
    ]),
    ...(key.includes(name) ? [['primary', 'true'] as [string, string]] : []),
    ...(shape.identity && isNumber ? [['generated', literal('increment')] as [string, string]] : []),
    ...(shape.nullable && !key.includes(name) ? [['nullable', 'true'] as [string, string]] : []),
  ]
  const todo = type?.todo === undefined ? '' : ` // TODO ${comment(type.todo)}`
  return `    ${memberKey(property)}: ${object(options)},${todo}`
}

const propertyOf = ({ columns }: TypedTable, name: string) =>
  columns.find((column) => column.name === name)?.property ?? name

function writeUniques(table: TypedTable): string[] {
  if (table.uniques.length === 0) return []
  const list = table.uniques.map((unique) => {
    const columns = unique.map((name) => propertyOf(table, name))
    return `    ${object([
      ['name', literal(`${table.name}_${unique.join('_')}_once`.slice(0, 60))],
      ['columns', literal(columns)],
    ])},`
  })
  return ['  uniques: [', ...list, '  ],']
}

function writeForeignKeys(table: TypedTable, tables: readonly TypedTable[]): string[] {
  const list = table.foreignKeys.flatMap((key) => {
    const target = tables.find(({ entity }) => entity === key.entity)
    if (target === undefined) return []
    const entries: [string, string][] = [
      ['target', literal(key.entity)],
      ['columnNames', literal(key.columns.map((name) => propertyOf(table, name)))],
      ['referencedColumnNames', literal(key.referencedColumns.map((name) => propertyOf(target, name)))],
      ...(/^(?:CASCADE|SET NULL)$/.test(key.onDelete)
        ? [['onDelete', literal(key.onDelete)] as [string, string]]
        : []),
    ]
    return [`    ${object(entries)},`]
  })
  return list.length === 0 ? [] : ['  foreignKeys: [', ...list, '  ],']
}

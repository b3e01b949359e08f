import type { ColumnShape, DialectName } from '../core/sync-words.ts'

/** A column as TypeORM is told of it, and what its values are in the code. */
export interface ColumnType {
  /** Options of `EntitySchema`, as they are written. */
  readonly options: Readonly<Record<string, string | number | boolean | readonly string[]>>
  readonly code: 'number' | 'string' | 'boolean' | 'Date' | 'Buffer' | 'unknown'
  /** The declaration, where `EntitySchema` has no word for it. */
  readonly declared?: string
  readonly todo?: string
}

/** Both databases of one kind: the declared type as it is. Of two kinds: one that holds every value, as the sync maps it. */
export function columnTypeOf(shape: ColumnShape, from: DialectName, to: DialectName): ColumnType {
  const declared = readDeclared(shape)
  const own = from === to ? keepType(shape, declared, to) : changeType(shape, declared, to)
  return own ?? { options: { type: 'text' }, code: 'string', todo: `its type was ${shape.type}` }
}

interface Declared {
  readonly name: string
  readonly numbers: readonly number[]
  readonly isArray: boolean
  readonly isUnsigned: boolean
}

/** `timestamp(3) with time zone`, `decimal(8,2) unsigned`, `text[]`. */
function readDeclared({ type, base }: ColumnShape): Declared {
  const isArray = type.endsWith('[]')
  const [, first = '', inner = '', rest = ''] =
    /^([^(]*)(?:\(([^)]*)\))?(.*)$/s.exec(isArray ? type.slice(0, -2) : type) ?? []
  const isUnsigned = /\bunsigned\b/i.test(first + rest)
  const name = `${first.trim()} ${rest.trim()}`
    .toLowerCase()
    .replaceAll(/\b(?:un)?signed\b|\bzerofill\b/g, '')
    .trim()
  const numbers = inner.split(',').map(Number).filter(Number.isInteger)
  return { name: base ?? name, numbers: inner === '' ? [] : numbers, isArray, isUnsigned }
}

const POSTGRES_LENGTH = ['character varying', 'varchar', 'character', 'char', 'bit', 'bit varying']
const POSTGRES_PRECISION = [
  'timestamp with time zone',
  'timestamp without time zone',
  'time without time zone',
  'time with time zone',
]
const POSTGRES_PLAIN = [
  ...[
    'smallint',
    'integer',
    'bigint',
    'real',
    'double precision',
    'money',
    'text',
    'citext',
    'hstore',
    'bytea',
    'date',
    'interval',
    'boolean',
  ],
  ...[
    'uuid',
    'json',
    'jsonb',
    'xml',
    'inet',
    'cidr',
    'macaddr',
    'macaddr8',
    'tsvector',
    'tsquery',
    'point',
    'line',
    'lseg',
    'box',
    'path',
  ],
  ...[
    'polygon',
    'circle',
    'int4range',
    'int8range',
    'numrange',
    'tsrange',
    'tstzrange',
    'daterange',
    'varchar',
  ],
]
const MARIADB_LENGTH = ['varchar', 'char', 'binary', 'varbinary']
/** TypeORM gives these no length, and `tinyint(1)` is what tells a boolean. */
const MARIADB_DECLARED = ['bit', 'tinyint']
const MARIADB_PRECISION = ['datetime', 'timestamp', 'time']
const MARIADB_PLAIN = [
  ...[
    'tinyint',
    'smallint',
    'mediumint',
    'int',
    'bigint',
    'float',
    'double',
    'date',
    'year',
    'tinytext',
    'text',
    'mediumtext',
    'longtext',
  ],
  ...[
    'tinyblob',
    'blob',
    'mediumblob',
    'longblob',
    'json',
    'uuid',
    'inet6',
    'inet4',
    'point',
    'polygon',
    'geometry',
    'linestring',
  ],
]

function keepType(shape: ColumnShape, declared: Declared, dialect: DialectName): ColumnType | undefined {
  const code = codeOf(shape, declared, dialect)
  const isPostgres = dialect === 'postgres'
  const own = {
    ...(declared.isArray ? { array: true } : {}),
    ...(declared.isUnsigned ? { unsigned: true } : {}),
  }
  if (shape.enumLabels !== undefined && !declared.isArray)
    return { options: { type: 'enum', enum: shape.enumLabels }, code: 'string' }
  const { name, numbers } = declared
  const [first, second] = numbers
  if (name === 'numeric' || name === 'decimal')
    return { options: { type: isPostgres ? 'numeric' : 'decimal', ...toScale(first, second), ...own }, code }
  if (!isPostgres && MARIADB_DECLARED.includes(name) && first !== undefined)
    return {
      options: { type: name, ...own },
      code,
      declared: `${name}(${first})${declared.isUnsigned ? ' unsigned' : ''}`,
    }
  if ((isPostgres ? POSTGRES_LENGTH : MARIADB_LENGTH).includes(name) && first !== undefined)
    return {
      options: {
        type: name,
        length: first,
        ...own,
        ...textOptions(shape, isPostgres),
      },
      code,
    }
  if ((isPostgres ? POSTGRES_PRECISION : MARIADB_PRECISION).includes(name))
    return { options: { type: name, ...(first === undefined ? {} : { precision: first }), ...own }, code }
  if ((isPostgres ? POSTGRES_PLAIN : MARIADB_PLAIN).includes(name))
    return {
      options: {
        type: name,
        ...own,
        ...textOptions(shape, isPostgres),
      },
      code,
    }
  return undefined
}

/** A key is the same text under the same collation only. */
function textOptions(
  { collation, family }: ColumnShape,
  isPostgres: boolean,
): { charset?: string; collation?: string } {
  // A JSON column has one that nobody has chosen, and takes none.
  if (isPostgres || collation === undefined || family === 'json') return {}
  return { charset: collation.split('_')[0] ?? 'utf8mb4', collation }
}

function toScale(precision: number | undefined, scale: number | undefined): Record<string, number> {
  return { ...(precision === undefined ? {} : { precision }), ...(scale === undefined ? {} : { scale }) }
}

/** What the driver and TypeORM make of it: 64-bit integers and decimals stay texts, so that no digit is lost. */
function codeOf(shape: ColumnShape, { name, isArray }: Declared, dialect: DialectName): ColumnType['code'] {
  if (isArray) return 'unknown'
  switch (shape.family) {
    case 'integer':
      return name === 'bigint' ? 'string' : 'number'
    case 'float':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'timestamp':
    case 'timestamptz':
      return 'Date'
    case 'bytes':
      return 'Buffer'
    case 'json':
    case 'array':
      return 'unknown'
    case 'bit':
      return dialect === 'mariadb' ? 'Buffer' : 'string'
    default:
      return 'string'
  }
}

function changeType(shape: ColumnShape, declared: Declared, to: DialectName): ColumnType | undefined {
  const isPostgres = to === 'postgres'
  const { numbers, name, isUnsigned } = declared
  const [first, second] = numbers
  const seconds = first === undefined ? (isPostgres ? {} : { precision: 6 }) : { precision: first }
  switch (shape.family) {
    case 'integer':
      return integerIn(name, isUnsigned, isPostgres)
    case 'decimal':
      return {
        options: {
          type: isPostgres ? 'numeric' : 'decimal',
          ...toScale(
            first ?? (isPostgres ? undefined : 65),
            second ?? (first === undefined && !isPostgres ? 30 : undefined),
          ),
        },
        code: 'string',
      }
    case 'float':
      return {
        options: {
          type: /^(?:real|float)$/.test(name)
            ? isPostgres
              ? 'real'
              : 'float'
            : isPostgres
              ? 'double precision'
              : 'double',
        },
        code: 'number',
      }
    case 'boolean':
      return isPostgres
        ? { options: { type: 'boolean' }, code: 'boolean' }
        : { options: { type: 'boolean' }, code: 'boolean', declared: 'tinyint(1)' }
    case 'text':
      return textIn(first, isPostgres)
    case 'enum':
      return { options: { type: 'enum', enum: shape.enumLabels ?? [] }, code: 'string' }
    case 'bytes':
      return { options: { type: isPostgres ? 'bytea' : 'longblob' }, code: 'Buffer' }
    case 'date':
      return { options: { type: 'date' }, code: 'string' }
    case 'time':
      return { options: { type: isPostgres ? 'time without time zone' : 'time', ...seconds }, code: 'string' }
    case 'timestamp':
      return {
        options: { type: isPostgres ? 'timestamp without time zone' : 'datetime', ...seconds },
        code: 'Date',
      }
    case 'timestamptz':
      return {
        options: { type: isPostgres ? 'timestamp with time zone' : 'timestamp', ...seconds },
        code: 'Date',
      }
    case 'json':
    case 'array':
      return { options: { type: isPostgres ? 'jsonb' : 'json' }, code: 'unknown' }
    case 'uuid':
      return { options: { type: 'uuid' }, code: 'string' }
    default:
      return undefined
  }
}

function integerIn(name: string, isUnsigned: boolean, isPostgres: boolean): ColumnType {
  if (!isPostgres) {
    const type = name === 'bigint' ? 'bigint' : name === 'smallint' ? 'smallint' : 'int'
    return { options: { type }, code: type === 'bigint' ? 'string' : 'number' }
  }
  if (name === 'bigint')
    return {
      options: isUnsigned ? { type: 'numeric', precision: 20, scale: 0 } : { type: 'bigint' },
      code: 'string',
    }
  if (name === 'int' && isUnsigned) return { options: { type: 'bigint' }, code: 'string' }
  return { options: { type: 'integer' }, code: 'number' }
}

/** PostgreSQL tells every two texts apart; in MariaDB only a binary collation does. */
const EXACT = { charset: 'utf8mb4', collation: 'utf8mb4_bin' }

function textIn(length: number | undefined, isPostgres: boolean): ColumnType {
  const collation = isPostgres ? {} : EXACT
  if (length !== undefined) return { options: { type: 'varchar', length, ...collation }, code: 'string' }
  return { options: { type: isPostgres ? 'text' : 'longtext', ...collation }, code: 'string' }
}

import type { TableRoute } from '../mapping.ts'
import { type Finding, toFinding } from './findings.ts'

/** A column that the server numbers. `last` is undefined when it has given none, or does not show it. */
export interface Identity {
  readonly table: string
  readonly column: string
  readonly last: bigint | undefined
  readonly largest: bigint
}

export interface ColumnFacts {
  readonly source: { readonly side: string; readonly identities: readonly Identity[] }
  readonly target: {
    readonly side: string
    readonly identities: readonly Identity[]
    /** Columns that must be given. */
    readonly required: readonly { readonly table: string; readonly column: string }[]
  }
}

const NEARLY_FULL_PERCENT = 80n

/** What the columns of both sides say together. */
export function judgeColumns(routes: readonly TableRoute[], facts: ColumnFacts): Finding[] {
  return [...findRequired(routes, facts), ...findNarrow(routes, facts), ...findStricter(routes, facts)]
}

/** Where there is a `map`, every column of the target is written; what it leaves out shows when it is proven on rows. */
function findRequired(routes: readonly TableRoute[], { target: facts }: ColumnFacts): Finding[] {
  return facts.required
    .filter(({ table, column }) =>
      routes.some(({ target }) => target.table.name === table && !target.columns.includes(column)),
    )
    .map(({ table, column }) =>
      toFinding('COLUMN_REQUIRED', {
        side: facts.side,
        table,
        reason: `${table}.${column} is NOT NULL, has no default, and nothing is carried into it`,
      }),
    )
}

function findNarrow(routes: readonly TableRoute[], { source: from, target: to }: ColumnFacts): Finding[] {
  return from.identities.flatMap((identity) => {
    const { table, column, last = 0n, largest } = identity
    const route = routes.find(({ source }) => source.table.name === table)
    const there = to.identities.find(
      (one) => one.table === route?.target.table.name && one.column === counterpart(route, column),
    )
    const name = `${table}.${column}`
    if (there !== undefined && last > there.largest) {
      const reason = `${name} has given ${last} numbers, and ${there.table}.${there.column} ends at ${there.largest}`
      return [toFinding('RANGE_TOO_SMALL', { side: to.side, table: there.table, reason })]
    }
    const ends = [
      { side: from.side, table, end: largest, name },
      ...(there === undefined
        ? []
        : [
            {
              side: to.side,
              table: there.table,
              end: there.largest,
              name: `${there.table}.${there.column}`,
            },
          ]),
    ]
    return ends
      .filter(({ end }) => last * 100n >= end * NEARLY_FULL_PERCENT)
      .map(({ side, table, end, name }) =>
        toFinding('RANGE_LOW', {
          side,
          table,
          reason: `${name} ends at ${end}, and ${last} is given already`,
        }),
      )
  })
}

/** The target's column that takes a column of the source by its name or another, as the mapping carries a row of its own names. */
function counterpart({ source, target, convert }: TableRoute, column: string): string | undefined {
  try {
    const at = convert(source.columns.map((name) => (name === column ? MARK : null))).indexOf(MARK)
    return target.columns[at]
  } catch {
    // A `map` that wants real values: the column keeps its name then, or it is not known.
    return target.columns.includes(column) ? column : undefined
  }
}

/** No mapping makes it of anything else. */
const MARK = '−strangler−'

function findStricter(routes: readonly TableRoute[], { target: { side } }: ColumnFacts): Finding[] {
  return routes.flatMap((route) => {
    const keys = [route.source.table.key, ...route.source.table.uniques].map((columns) =>
      columns
        .map((column) => counterpart(route, column))
        .toSorted()
        .join(),
    )
    return route.target.table.uniques
      .filter((unique) => !keys.some((key) => isWithin(key, unique)))
      .map((unique) =>
        toFinding('UNIQUE_STRICTER', {
          side,
          table: route.target.table.name,
          reason: `${route.target.table.name} (${unique.join(', ')}) is unique, and nothing makes it so in ${route.source.table.name}`,
        }),
      )
  })
}

/** What is unique by fewer columns is unique by more, too. */
function isWithin(key: string, unique: readonly string[]): boolean {
  return key !== '' && key.split(',').every((column) => unique.includes(column))
}

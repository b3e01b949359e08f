import type { ColumnShape, TableShape } from '../core/sync-words.ts'
import { pairColumns } from './pair-columns.ts'

export interface TablePair {
  readonly monolith: TableShape
  readonly service: TableShape
  /** Monolith column → service column. */
  readonly renamed: ReadonlyMap<string, string>
  /** A function writes columns as well: whether the declared types fit is not known then. */
  readonly isConverted: boolean
}

/** The two tables with each column in the family by which it travels, and what stands in the way. */
export function pairTables({ monolith, service, renamed, isConverted }: TablePair): {
  readonly monolith: TableShape
  readonly service: TableShape
  readonly problems: readonly string[]
} {
  const at = `${monolith.name} → ${service.name}`
  const paired = [...renamed].flatMap(([from, to]) => {
    const [one, other] = [findColumn(monolith, from), findColumn(service, to)]
    if (one === undefined || other === undefined) return []
    const pair = pairColumns(one, other)
    const keyProblem = monolith.key.includes(from) ? findKeyProblem(pair.monolith, pair.service) : undefined
    const problems = [isConverted ? undefined : pair.problem, keyProblem].filter(
      (found) => found !== undefined,
    )
    return [{ ...pair, problems }]
  })
  return {
    monolith: withColumns(
      monolith,
      paired.map((pair) => pair.monolith),
    ),
    service: withColumns(
      service,
      paired.map((pair) => pair.service),
    ),
    problems: paired.flatMap(({ problems }) => problems.map((problem) => `${at}: ${problem}`)),
  }
}

function findColumn(table: TableShape, name: string): ColumnShape | undefined {
  return table.columns.find((column) => column.name === name)
}

function withColumns(table: TableShape, columns: readonly ColumnShape[]): TableShape {
  const byName = new Map(columns.map((column) => [column.name, column]))
  return { ...table, columns: table.columns.map((column) => byName.get(column.name) ?? column) }
}

/** What the monolith tells apart the service must tell apart as well; the other way round it is found on the way back. */
function findKeyProblem(monolith: ColumnShape, service: ColumnShape): string | undefined {
  const { collation } = service
  if (service.family === 'text' && !isExact(collation) && collation !== monolith.collation) {
    return `the key ${service.name} has the collation ${collation}, under which different texts of the monolith are equal; give it one that ends in _bin`
  }
  const texts = [monolith, service].find(
    (column) => column.family === 'uuid' && column.collation !== undefined && isExact(column.collation),
  )
  return texts === undefined
    ? undefined
    : `the key ${texts.name} (${texts.type}, ${texts.collation}) tells upper case from lower, which a UUID does not; make it a UUID, or give it a collation that ends in _ci`
}

/** Two texts that differ are different under it; PostgreSQL's own are refused before when they are not. */
function isExact(collation: string | undefined): boolean {
  return collation === undefined || collation.endsWith('_bin')
}

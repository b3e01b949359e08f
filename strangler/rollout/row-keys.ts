import type { RefusedRow, RowKeys } from './ports.ts'

/** Rows by table and key, each once. */
export interface KeySet {
  add(keys: RowKeys): void
  read(): RowKeys
}

export function collectKeys(): KeySet {
  const found = new Map<string, Set<string>>()
  return {
    add(keys) {
      for (const [table, added] of keys) {
        const known = found.get(table) ?? new Set()
        for (const key of added) known.add(key)
        found.set(table, known)
      }
    },
    read: () => new Map([...found].map(([table, keys]) => [table, [...keys]])),
  }
}

export function keysOf(rows: readonly RefusedRow[]): RowKeys {
  const byTable = Map.groupBy(rows, ({ table }) => table)
  return new Map([...byTable].map(([table, found]) => [table, found.map(({ key }) => key)]))
}

export function countKeys(keys: RowKeys): number {
  return keys.values().reduce((sum, { length }) => sum + length, 0)
}

/** Those that are not in `known`. */
export function keysBeyond(keys: RowKeys, known: RowKeys): RowKeys {
  const beyond = [...keys].map(([table, found]) => {
    const expected = new Set(known.get(table))
    return [table, found.filter((key) => !expected.has(key))] as const
  })
  return new Map(beyond.filter(([, found]) => found.length > 0))
}

const SHOWN = 5

export function showKeys(keys: RowKeys): string {
  const all = [...keys].flatMap(([table, found]) => found.map((key) => `${table} ${key}`))
  return all.length <= SHOWN ? all.join(', ') : `${all.slice(0, SHOWN).join(', ')}, …`
}

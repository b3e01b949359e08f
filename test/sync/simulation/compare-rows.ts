import type { DialectName } from '../../../strangler/core/sync-words.ts'
import { COLUMNS } from './shop-schema.ts'
import type { Side } from './side.ts'

export interface Differences {
  readonly missing: readonly string[]
  readonly different: readonly string[]
  readonly extra: readonly string[]
}

/** Compares every row, by eyes of its own: a mistake in the kit's reading or verifying must not hide itself here. */
export async function compareRows(source: Side, target: Side): Promise<Differences> {
  const [there, here] = await Promise.all([readRows(source), readRows(target)])
  const keys = [...there.keys()]
  return {
    missing: keys.filter((key) => !here.has(key)),
    different: keys.filter((key) => here.has(key) && here.get(key) !== there.get(key)),
    extra: [...here.keys()].filter((key) => !there.has(key)),
  }
}

export function isSame({ missing, different, extra }: Differences): boolean {
  return missing.length + different.length + extra.length === 0
}

async function readRows(side: Side): Promise<Map<string, string>> {
  const session = await side.connect()
  const rows = new Map<string, string>()
  if (side.dialect === 'mariadb') await session.run("SET time_zone = '+00:00'")
  for (const [table, { key, columns }] of Object.entries(COLUMNS)) {
    const cells = Object.entries(columns).map(([name, kind]) => READERS[side.dialect][kind](name))
    const read = await session.run(
      `SELECT ${cells.map((cell, position) => `${cell} AS c${position}`).join(', ')} FROM ${table}`,
    )
    for (const row of read) {
      const texts = cells.map((_cell, position) => row[`c${position}`] ?? null)
      rows.set(`${table} ${texts.slice(0, key).join('/')}`, JSON.stringify(texts))
    }
  }
  await session.end()
  return rows
}

type Reader = (column: string) => string

const READERS: Readonly<Record<DialectName, Record<'plain' | 'text' | 'instant' | 'bytes', Reader>>> = {
  postgres: {
    plain: (column) => `${column}::text`,
    text: (column) => `${column}::text`,
    instant: (column) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')`,
    bytes: (column) => `encode(${column}, 'hex')`,
  },
  mariadb: {
    plain: (column) => `CAST(${column} AS CHAR)`,
    text: (column) => column,
    instant: (column) => `DATE_FORMAT(${column}, '%Y-%m-%d %H:%i:%s.%f')`,
    bytes: (column) => `LOWER(HEX(${column}))`,
  },
}

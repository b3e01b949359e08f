import type { TableShape } from '../../../strangler/core/sync-words.ts'
import type { Statement } from '../../../strangler/sync/dialect.ts'
import { mariadbDialect as dialect } from '../../../strangler/sync/dialects/mariadb/index.ts'
import { type MariaStand, openMariaStand, type Rows } from './maria-stand.ts'

/** Two captured tables to be read, by a number and by a composite key, in a database that is a target, too. */
export interface ReadStand extends MariaStand {
  readonly item: TableShape
  readonly pair: TableShape
  /** Runs it as the kit, and tells how many rows the server has really read for it, by its own counters. */
  countReads(statement: Statement): Promise<{ readonly rows: Rows; readonly reads: number }>
}

export async function openReadStand(purpose: string): Promise<ReadStand> {
  const stand = await openMariaStand(purpose)
  await stand.app('CREATE TABLE item (id BIGINT UNSIGNED PRIMARY KEY, name VARCHAR(40))')
  await stand.app(
    'CREATE TABLE pair (code VARCHAR(20), lang CHAR(2), n INT, PRIMARY KEY (code, lang)) CHARACTER SET latin1',
  )
  const shapes = await stand.capture('item', 'pair')
  const shapeOf = (table: string) => shapes.find(({ name }) => name === table)!
  await stand.runAll(dialect.targetUp())
  return {
    ...stand,
    item: shapeOf('item'),
    pair: shapeOf('pair'),
    async countReads(statement) {
      await stand.runAll(['FLUSH STATUS'])
      const rows = await stand.kit(statement)
      const counters = await stand.kit({ sql: "SHOW SESSION STATUS LIKE 'Handler_read%'", params: [] })
      return { rows, reads: counters.reduce((sum, { Value }) => sum + Number(Value), 0) }
    },
  }
}

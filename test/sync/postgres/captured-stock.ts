import type { TableShape } from '../../../strangler/core/sync-words.ts'
import type { TableColumns } from '../../../strangler/sync/dialect.ts'
import { postgresDialect } from '../../../strangler/sync/dialects/postgres/index.ts'
import { allColumns, createStand, type Session, type Stand, shapeOf } from './stand.ts'

/** A table `stock` that is captured, in a database that is a target, too. */
export interface CapturedStock {
  readonly stand: Stand
  readonly app: Session
  readonly kit: Session
  readonly table: TableShape
  readonly columns: TableColumns
  /** As the relay does before it reads. */
  gather(): Promise<void>
  /** Nothing waits any more. */
  forget(): Promise<void>
  close(): Promise<void>
}

/** @param statements make the table, and what is in it before it is captured */
export async function captureStock(name: string, ...statements: string[]): Promise<CapturedStock> {
  const stand = await createStand(name)
  const [app, kit] = [await stand.open(), await stand.openKit()]
  await app.runAll(statements)
  const table = await shapeOf(kit, 'stock')
  await kit.runAll([...postgresDialect.captureUp([table]), ...postgresDialect.targetUp()])
  return {
    ...{ stand, app, kit, table, columns: allColumns(table) },
    async gather() {
      await kit.run(postgresDialect.intake.move(0, 100_000))
    },
    forget: () => kit.runAll(postgresDialect.forgetChanges('stock')),
    async close() {
      await Promise.all([kit.end(), app.end()])
      await stand.drop()
    },
  }
}

import { openSide, type Side } from '../side.ts'

/** An application that writes in a transaction and never comes to its end: it is killed. */
const { dialect, url, statements } = JSON.parse(process.argv[2] ?? '{}') as {
  dialect: Side['dialect']
  url: string
  statements: readonly (readonly [sql: string, params: readonly unknown[]])[]
}
process.on('disconnect', () => process.exit(0))

const session = await openSide(dialect, url, async () => undefined).connect()
await session.run('BEGIN')
for (const [sql, params] of statements) await session.run(sql, params)
process.send?.('has written')

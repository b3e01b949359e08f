import type { DialectName } from '../../strangler/core/sync-words.ts'
import { loadCases, type NamedCase } from '../../test/sync/types/load-cases.ts'
import { inDialect } from '../../test/sync/types/type-case.ts'

const INTRODUCTION = `# Types in the data sync

What is carried how, and what is refused. The tables are written from the case folders in \`test/sync/types/\`, each of which runs through
the whole sync in all four pairs of databases, there and back: captured by the triggers, sent through the queue, applied, acknowledged, and copied
by the backfill; \`strangler sync verify\` must find no difference afterwards, and must find one that was made on purpose.

## The three outcomes

- **carried**: the value arrives as it is, and comes back as it was. Values travel as texts, never as numbers or dates of JavaScript.
- **refused**: \`strangler doctor\` and \`install\` say so before anything is changed, and what mends it. This is so when the service's column
  cannot hold every value that the monolith's column can *by its declaration*, when the database would change a value without a word, and when a type
  has no counterpart. A \`map\` with its \`unmap\` lifts the refusal: what functions do is shown on the real rows.
- **waits in quarantine**: the types fit, the one value does not. Its row is not applied and nothing of it is changed; all others go on. It shows in
  \`strangler sync status\` and \`strangler sync explain\`, blocks a cut-over, and goes when the value is mended.

On the way back, after a cut-over, the service may hold more than the monolith's schema can: such a row waits in quarantine, and is never rounded or cut.

What neither database refuses by itself the kit refuses: MariaDB and PostgreSQL both round decimals and fractions of seconds that are too long, MariaDB fills
up a \`BINARY\`, drops spaces at the end of a \`CHAR\`, takes a text for the enum's label that is like it, and a two-digit year for one of this century.

A column that the monolith computes is read where the service has a plain column of its name. Neither side ever writes one that its database computes.
`

/** docs/reference/sync-types.md, from the case folders. */
export async function writeSyncTypesPage(): Promise<string> {
  const cases = await loadCases()
  const both = cases.filter(
    ({ create }) => create.type.postgres !== undefined && create.type.mariadb !== undefined,
  )
  const lines = both.map(
    (one) =>
      `| ${one.about} | ${show(one, 'postgres')} | ${show(one, 'mariadb')} | ${outcome(one, 'postgres', 'mariadb')} | ${outcome(one, 'mariadb', 'postgres')} | ${note(one)} |`,
  )
  const own = cases.filter((one) => !both.includes(one))
  return [
    INTRODUCTION,
    '## Between PostgreSQL and MariaDB\n',
    '| case | PostgreSQL | MariaDB | PostgreSQL → MariaDB | MariaDB → PostgreSQL | |',
    '|---|---|---|---|---|---|',
    ...lines,
    '',
    '## Between two databases of one kind\n',
    `All of the above are carried between two PostgreSQL and between two MariaDBs, where both sides have the same type. So ${own.length === 1 ? 'is' : 'are'}:`,
    '',
    ...own.map((one) => `- ${one.about}: ${show(one, 'postgres')}${show(one, 'mariadb')}`),
    '',
  ].join('\n')
}

function show({ create }: NamedCase, dialect: DialectName): string {
  const type = create.type[dialect]
  if (type === undefined) return ''
  const shown = inDialect(create.columns, dialect) ?? `${type}${create.isKey ? ' PRIMARY KEY' : ''}`
  return `\`${shown.replaceAll('|', '\\|')}\``
}

function outcome({ expect, change }: NamedCase, from: DialectName, to: DialectName): string {
  if (expect.refused?.[`${from} → ${to}`] !== undefined) return 'refused'
  const unfit = change.filter(
    ({ sql, unfit }) => inDialect(sql, from) !== undefined && unfit?.[to] !== undefined,
  )
  return unfit.length === 0 ? 'carried' : 'carried, or waits in quarantine'
}

function note({ expect }: NamedCase): string {
  return expect.note ?? ''
}

import { randomUUID } from 'node:crypto'
import type { DialectName } from '../../../strangler/core/sync-words.ts'
import type { Random } from './random.ts'
import { ACCOUNTS, REGIONS, TAGS } from './shop-schema.ts'
import { inDialect, type Session } from './side.ts'

interface Writer {
  readonly db: Session
  readonly dialect: DialectName
  readonly random: Random
}

type Write = (writer: Writer) => Promise<unknown>

const account = (random: Random) => 1 + random.below(ACCOUNTS)
const region = (random: Random) => 1 + random.below(REGIONS)
const tag = (random: Random) => `t${1 + random.below(TAGS)}`

/** What a writer may do, and how often. */
const WRITES: readonly (readonly [weight: number, write: Write])[] = [
  [30, touchAccount],
  [14, insertAccount],
  [5, ({ db, random }) => db.run('DELETE FROM account WHERE id = ?', [account(random)])],
  [2, ({ db, random }) => db.run('DELETE FROM region WHERE id = ?', [region(random)])],
  [4, insertRegion],
  [
    3,
    ({ db, random }) => db.run('UPDATE account SET id = ? WHERE id = ?', [account(random), account(random)]),
  ],
  [6, sponsorAccount],
  [6, swapEmails],
  [15, insertItem],
  [10, renameItems],
  [6, moveItems],
  [
    6,
    ({ db, random }) =>
      db.run('DELETE FROM item WHERE account_id = ? AND position > ?', [account(random), random.below(20)]),
  ],
  [10, insertAudit],
  [15, touchTag],
  [5, ({ db, random }) => db.run('UPDATE tag SET code = ? WHERE code = ?', [tag(random), tag(random)])],
  [5, swapLabels],
  [4, ({ db, random }) => db.run('DELETE FROM tag WHERE code = ?', [tag(random)])],
  [2, oddStatement],
  [0.3, empty('audit')],
  [0.3, empty('tag')],
  [0.1, empty('account')],
]

const TOTAL = WRITES.reduce((sum, [weight]) => sum + weight, 0)

export function pickWrite(random: Random): Write {
  let left = random.next() * TOTAL
  for (const [weight, write] of WRITES) {
    left -= weight
    if (left < 0) return write
  }
  return touchAccount
}

function touchAccount({ db, dialect, random }: Writer) {
  const now = inDialect(dialect, { postgres: 'clock_timestamp()', mariadb: 'SYSDATE(6)' })
  return db.run(`UPDATE account SET balance = balance + 1, changed_at = ${now} WHERE id = ?`, [
    account(random),
  ])
}

async function insertAccount({ db, dialect, random }: Writer) {
  const [found] = await db.run('SELECT id FROM region WHERE id = ?', [region(random)])
  const insert = 'INTO account (id, email, region_id) VALUES (?, ?, ?)'
  const sql = inDialect(dialect, {
    postgres: `INSERT ${insert} ON CONFLICT (id) DO NOTHING`,
    mariadb: `INSERT IGNORE ${insert}`,
  })
  await db.run(sql, [account(random), `a${account(random)}@example.test`, found?.['id'] ?? null])
}

function insertRegion({ db, dialect, random }: Writer) {
  const sql = inDialect(dialect, {
    postgres: 'INSERT INTO region VALUES (?) ON CONFLICT (id) DO NOTHING',
    mariadb: 'INSERT IGNORE INTO region VALUES (?)',
  })
  return db.run(sql, [region(random)])
}

async function sponsorAccount({ db, random }: Writer) {
  const [sponsor] = await db.run('SELECT id FROM account WHERE id = ?', [account(random)])
  await db.run('UPDATE account SET sponsor_id = ? WHERE id = ?', [sponsor?.['id'] ?? null, account(random)])
}

async function insertItem({ db, dialect, random }: Writer) {
  const [owner] = await db.run('SELECT id FROM account WHERE id = ?', [account(random)])
  if (owner === undefined) return
  const insert = 'INTO item (account_id, position, sku, doc) VALUES (?, ?, ?, ?)'
  const sql = inDialect(dialect, {
    postgres: `INSERT ${insert} ON CONFLICT (account_id, position) DO UPDATE SET sku = excluded.sku`,
    mariadb: random.chance(0.3)
      ? `REPLACE ${insert}`
      : `INSERT ${insert} ON DUPLICATE KEY UPDATE sku = VALUES(sku)`,
  })
  const doc = random.chance(0.5) ? '{"b": 1.50, "a": "ü"}' : null
  await db.run(sql, [owner['id'], random.below(25), `sku-${random.below(1e6)}`, doc])
}

function renameItems({ db, random }: Writer) {
  return db.run('UPDATE item SET sku = ? WHERE account_id = ?', [`sku-${random.below(1e6)}`, account(random)])
}

/** A change of keys of rows that keep their content. */
function moveItems({ db, random }: Writer) {
  return db.run('UPDATE item SET position = position + 100 WHERE account_id = ? AND position < 5', [
    account(random),
  ])
}

async function insertAudit({ db, random }: Writer) {
  const [owner] = await db.run('SELECT id FROM account WHERE id = ?', [account(random)])
  if (owner === undefined) return
  await db.run('INSERT INTO audit (id, account_id, body) VALUES (?, ?, ?)', [
    randomUUID(),
    owner['id'],
    Buffer.from([random.below(256), 0]),
  ])
}

function touchTag({ db, dialect, random }: Writer) {
  const insert = 'INSERT INTO tag (code, label, hits) VALUES (?, NULL, 1)'
  const sql = inDialect(dialect, {
    postgres: `${insert} ON CONFLICT (code) DO UPDATE SET hits = tag.hits + 1`,
    mariadb: `${insert} ON DUPLICATE KEY UPDATE hits = hits + 1`,
  })
  return db.run(sql, [tag(random)])
}

async function swapEmails({ db, random }: Writer) {
  const [one, other] = await db.run(
    'SELECT id, email FROM account WHERE id IN (?, ?) ORDER BY id FOR UPDATE',
    [account(random), account(random)],
  )
  if (one === undefined || other === undefined) return
  const rename = (id: string | null | undefined, email: string | null | undefined) =>
    db.run('UPDATE account SET email = ? WHERE id = ?', [email, id])
  await rename(one['id'], `swapping ${one['id']}`)
  await rename(other['id'], one['email'])
  await rename(one['id'], other['email'])
}

async function swapLabels({ db, random }: Writer) {
  const codes = [tag(random), tag(random), tag(random)]
  const rows = await db.run(
    'SELECT code, label FROM tag WHERE code IN (?, ?, ?) ORDER BY code FOR UPDATE',
    codes,
  )
  await db.run('UPDATE tag SET label = NULL WHERE code IN (?, ?, ?)', codes)
  for (const [position, row] of rows.entries()) {
    const next = rows[(position + 1) % rows.length]
    await db.run('UPDATE tag SET label = ? WHERE code = ?', [next?.['label'] ?? null, row['code']])
  }
}

/** What one of the two can do and the other not. */
function oddStatement({ db, dialect, random }: Writer) {
  const id = account(random)
  if (dialect === 'postgres') {
    return db.run(
      'WITH gone AS (DELETE FROM item WHERE account_id = ? AND position > 3 RETURNING account_id) UPDATE account SET balance = 0 WHERE id IN (SELECT account_id FROM gone)',
      [id],
    )
  }
  return random.chance(0.5)
    ? db.run('REPLACE INTO account (id, email) VALUES (?, ?)', [id, `r${account(random)}@example.test`])
    : db.run(
        'DELETE account, item FROM account JOIN item ON item.account_id = account.id WHERE account.id = ?',
        [id],
      )
}

function empty(table: string): Write {
  const cascade = table === 'account' ? ' CASCADE' : ''
  return ({ db, dialect }) =>
    db.run(inDialect(dialect, { postgres: `TRUNCATE ${table}${cascade}`, mariadb: `DELETE FROM ${table}` }))
}

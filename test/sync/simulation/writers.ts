import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Random } from './random.ts'
import { ACCOUNTS, TAGS } from './shop-schema.ts'

type Write = (client: pg.Client, random: Random) => Promise<unknown>

const account = (random: Random) => 1 + random.below(ACCOUNTS)
const tag = (random: Random) => `t${1 + random.below(TAGS)}`

/** What a writer may do, and how often. */
const WRITES: readonly (readonly [weight: number, write: Write])[] = [
  [
    30,
    (db, random) =>
      db.query('UPDATE account SET balance = balance + 1, changed_at = clock_timestamp() WHERE id = $1', [
        account(random),
      ]),
  ],
  [10, insertAccount],
  [5, (db, random) => db.query('DELETE FROM account WHERE id = $1', [account(random)])],
  [
    6,
    (db, random) =>
      db.query('UPDATE account SET sponsor_id = (SELECT id FROM account WHERE id = $2) WHERE id = $1', [
        account(random),
        account(random),
      ]),
  ],
  [6, swapEmails],
  [15, insertItem],
  [
    10,
    (db, random) =>
      db.query('UPDATE item SET sku = $2 WHERE account_id = $1', [
        account(random),
        `sku-${random.below(1e6)}`,
      ]),
  ],
  [6, moveItems],
  [
    6,
    (db, random) =>
      db.query('DELETE FROM item WHERE account_id = $1 AND position > $2', [
        account(random),
        random.below(20),
      ]),
  ],
  [
    10,
    (db, random) =>
      db.query('INSERT INTO audit (account_id, body) SELECT id, $2 FROM account WHERE id = $1', [
        account(random),
        Buffer.from([random.below(256), 0]),
      ]),
  ],
  [
    15,
    (db, random) =>
      db.query('INSERT INTO tag VALUES ($1, $2, 1) ON CONFLICT (code) DO UPDATE SET hits = tag.hits + 1', [
        tag(random),
        null,
      ]),
  ],
  [5, (db, random) => db.query('UPDATE tag SET code = $2 WHERE code = $1', [tag(random), tag(random)])],
  [5, swapLabels],
  [4, (db, random) => db.query('DELETE FROM tag WHERE code = $1', [tag(random)])],
  [0.4, (db) => db.query('TRUNCATE audit')],
  [0.4, (db) => db.query('TRUNCATE tag')],
  [0.15, (db) => db.query('TRUNCATE account CASCADE')],
]

const TOTAL = WRITES.reduce((sum, [weight]) => sum + weight, 0)

function insertAccount(db: pg.Client, random: Random) {
  const id = account(random)
  return db.query('INSERT INTO account (id, email) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING', [
    id,
    `a${account(random)}@example.test`,
  ])
}

async function insertItem(db: pg.Client, random: Random) {
  const { rows } = await db.query('SELECT id FROM account WHERE id = $1', [account(random)])
  if (rows.length === 0) return
  await db.query(
    'INSERT INTO item VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, position) DO UPDATE SET sku = excluded.sku',
    [
      rows[0].id,
      random.below(25),
      `sku-${random.below(1e6)}`,
      random.chance(0.5) ? '{"b": 1.50, "a": "ü"}' : null,
    ],
  )
}

/** A change of keys of rows that keep their content. */
function moveItems(db: pg.Client, random: Random) {
  return db.query('UPDATE item SET position = position + 100 WHERE account_id = $1 AND position < 5', [
    account(random),
  ])
}

async function swapEmails(db: pg.Client, random: Random) {
  const { rows } = await db.query(
    'SELECT id, email FROM account WHERE id IN ($1, $2) ORDER BY id FOR UPDATE',
    [account(random), account(random)],
  )
  if (rows.length < 2) return
  await db.query('UPDATE account SET email = $2 WHERE id = $1', [rows[0].id, `swapping ${rows[0].id}`])
  await db.query('UPDATE account SET email = $2 WHERE id = $1', [rows[1].id, rows[0].email])
  await db.query('UPDATE account SET email = $2 WHERE id = $1', [rows[0].id, rows[1].email])
}

async function swapLabels(db: pg.Client, random: Random) {
  const codes = [tag(random), tag(random), tag(random)]
  const { rows } = await db.query(
    'SELECT code, label FROM tag WHERE code = ANY($1) ORDER BY code FOR UPDATE',
    [codes],
  )
  await db.query('UPDATE tag SET label = NULL WHERE code = ANY($1)', [codes])
  for (const [position, row] of rows.entries()) {
    await db.query('UPDATE tag SET label = $2 WHERE code = $1', [
      row.code,
      rows[(position + 1) % rows.length].label,
    ])
  }
}

/** Transactions of one to six writes, until `isOver`; some are rolled back, some take long. Gives how many writes were committed. */
export async function runWriter(url: string, random: Random, isOver: () => boolean): Promise<number> {
  const db = new pg.Client({ connectionString: url })
  await db.connect()
  await db.query("SET lock_timeout = '2s'")
  let committed = 0
  while (!isOver()) {
    committed += await runTransaction(db, random)
    if (random.chance(0.3)) await delay(random.below(20))
  }
  await db.end()
  return committed
}

async function runTransaction(db: pg.Client, random: Random): Promise<number> {
  const writes = 1 + random.below(6)
  await db.query('BEGIN')
  try {
    for (let count = 0; count < writes; count += 1) {
      await pickWrite(random)(db, random)
      if (random.chance(0.05)) await delay(random.below(700))
    }
    const isKept = !random.chance(0.15)
    await db.query(isKept ? 'COMMIT' : 'ROLLBACK')
    return isKept ? writes : 0
  } catch (error) {
    await db.query('ROLLBACK')
    // Taken unique values, deadlocks and lost waits for locks belong to it; anything else is a mistake here.
    if (!['23505', '23503', '40P01', '55P03'].includes((error as { code?: string }).code ?? '')) throw error
    return 0
  }
}

function pickWrite(random: Random): Write {
  let left = random.next() * TOTAL
  for (const [weight, write] of WRITES) {
    left -= weight
    if (left < 0) return write
  }
  return WRITES[0]![1]
}

import type { FindingKind } from './finding-kind.ts'

/** What can be found about the tables, and about what stands around them. */
export const TABLE_FINDINGS = {
  // the tables
  TABLE_MISSING: {
    severity: 'blocks',
    title: 'A table is not there',
    why: 'There is nothing to read, or nowhere to write.',
    mend: 'Create it, or correct its name in `tables` and the address in `sides`.',
  },
  TABLE_TWICE: {
    severity: 'blocks',
    title: 'A table is named twice',
    why: 'The log tells tables apart by their names alone.',
    mend: 'Name each table once, also when they stand in different schemas.',
  },
  TABLE_SHARED: {
    severity: 'blocks',
    title: 'A table is named by two capabilities',
    why: 'It would have two owners.',
    mend: 'Leave it in `tables` of one of them.',
  },
  KEY_MISSING: {
    severity: 'blocks',
    title: 'A table has no key',
    why: 'Changes are told by key; without one no row can be found on the other side.',
    mend: 'Add a primary key.',
  },
  KEY_UNUSABLE: {
    severity: 'blocks',
    title: 'A key cannot be used',
    why: 'A row is found by the text of its key: equal keys must have equal texts, and the text must fit into the log.',
    mend: 'Give the table another key, for instance a number or a uuid.',
  },
  KEY_DEFERRABLE: {
    severity: 'blocks',
    title: 'A key is DEFERRABLE',
    why: 'Two rows may have it at once inside of a transaction, so versions would not stand in commit order, and an older row would win.',
    mend: 'Make the key NOT DEFERRABLE.',
  },
  MAPPING_UNFIT: {
    severity: 'blocks',
    title: 'A mapping loses something',
    why: 'There must be a way back for every value: what is not carried, or is carried into a place that is taken, is lost after the cut-over.',
    mend: 'Correct the entry of the table in `tables`, or the service’s schema.',
  },
  COLUMN_REQUIRED: {
    severity: 'blocks',
    title: 'The copy’s table wants a value that nobody gives',
    why: 'The column is NOT NULL, has no default and gets nothing from the other side: every new row would be refused.',
    mend: 'Give it a default, or a value in `constants` or `map` of the table.',
  },
  ROW_SECURITY: {
    severity: 'blocks',
    title: 'Row-level security hides rows from the kit',
    why: 'Rows that the kit’s user does not see look like deleted ones.',
    mend: 'Give the kit’s user BYPASSRLS.',
  },
  UNLOGGED: {
    severity: 'blocks',
    title: 'A table is UNLOGGED',
    why: 'PostgreSQL empties it after a crash, and no trigger tells.',
    mend: 'ALTER TABLE … SET LOGGED.',
  },
  INHERITED: {
    severity: 'blocks',
    title: 'A table is inherited from',
    why: 'Reading it shows rows of other tables, whose changes its triggers do not see.',
    mend: 'Turn the inheritance into partitions, or into tables of their own.',
  },
  RULE_ON_TARGET: {
    severity: 'blocks',
    title: 'A rule rewrites what the sync writes',
    why: 'PostgreSQL refuses INSERT … ON CONFLICT on a table with rules for INSERT or UPDATE.',
    mend: 'Replace the rule by a trigger.',
  },
  RULE: {
    severity: 'note',
    title: 'A rule rewrites writes to the owner’s table',
    why: 'What it makes of a write is captured, where it goes to a captured table.',
    mend: 'Nothing to do; have the other side do what the rule does.',
  },
  PARTITIONED: {
    severity: 'warns',
    title: 'A table is partitioned, or a partition',
    why: 'Rows are carried as from any table. TRUNCATE, DROP, DETACH or EXCHANGE of a single partition is not: no trigger tells.',
    mend: 'After such a statement run `strangler sync backfill` and `strangler sync verify`.',
  },
  ZERO_DATES: {
    severity: 'blocks',
    title: 'There are dates of zero',
    why: 'PostgreSQL has no 0000-00-00; these rows would be refused one by one.',
    mend: 'Replace them by NULL or a date, or convert them in `map` and `unmap`.',
  },
  RANGE_TOO_SMALL: {
    severity: 'blocks',
    title: 'A number has left the range of the other side',
    why: 'The other side could not take the rows that are there, nor number new ones.',
    mend: 'Make the column there as wide.',
  },
  RANGE_LOW: {
    severity: 'warns',
    title: 'An identity range is nearly used up',
    why: 'At a cut-over the other side goes on numbering above the owner’s last value.',
    mend: 'Widen the column on both sides before the cut-over.',
  },
  UNIQUE_STRICTER: {
    severity: 'warns',
    title: 'The copy’s table has a unique key that the owner’s has not',
    why: 'Two rows that are fine at the owner would be refused there, and wait in the quarantine.',
    mend: 'Drop it, or add it to the owner’s table too.',
  },
  // what stands around the tables
  FOREIGN_KEY_OUT: {
    severity: 'warns',
    title: 'The copy’s table points to one that is not synced',
    why: 'A row whose other end is not there is refused, and waits in the quarantine.',
    mend: 'Sync that table too, or drop the foreign key until the cut-over.',
  },
  FOREIGN_KEY_IN: {
    severity: 'warns',
    title: 'A table that is not synced points to the copy’s',
    why: 'A delete that comes from the owner is refused while such rows are there, or takes them along.',
    mend: 'Sync that table too, or drop the foreign key until the cut-over.',
  },
  FOREIGN_KEY_CUT: {
    severity: 'note',
    title: 'A foreign key crosses the border of the capability',
    why: 'After the cut-over its two ends stand in two databases, and nobody checks it.',
    mend: 'Take the other table into the capability, or have the code check what the key checks now.',
  },
  CASCADE_FROM_OUTSIDE: {
    severity: 'warns',
    title: 'A cascade from outside changes rows of the capability',
    why: 'It is captured. But after the cut-over the monolith’s delete no longer reaches the service’s rows, and nobody checks the key.',
    mend: 'Before the cut-over, let the code that deletes the parent ask the service to delete the rows.',
  },
  CASCADE_TO_OUTSIDE: {
    severity: 'warns',
    title: 'A cascade from the capability changes rows outside of it',
    why: 'After the cut-over a delete of the service comes back into the monolith’s database, where it takes those rows along (PostgreSQL) or leaves them without a parent (MariaDB); and nobody checks the key for the service.',
    mend: 'Before the cut-over, delete the rows outside by code of the monolith.',
  },
  COUPLED_TRANSACTIONS: {
    severity: 'warns',
    title: 'A transaction changes tables of two capabilities',
    why: 'It blocks the cut-over, and no step before it. After the cut-over it is two transactions, of which one may fail alone.',
    mend: 'Find the code, and let it use the endpoints of the capability, with what undoes it when the other half fails; or take both tables into one capability. The gate `writers-moved` opens when it was not seen for `sync.coupledForMs`.',
  },
  TRIGGER_ON_TARGET: {
    severity: 'warns',
    title: 'The copy’s table has triggers of its own',
    why: 'They fire for every row that the sync writes, on top of what the owner did already.',
    mend: "Let them pass by rows of the sync: the marker is `current_setting('strangler.apply', true)` in PostgreSQL, `@strangler_apply` in MariaDB.",
  },
  TRIGGER_ON_SOURCE: {
    severity: 'note',
    title: 'The owner’s table has triggers of its own',
    why: 'What they write is captured like any write. The other side must do by itself what they do.',
    mend: 'Have the other side do what they do, before the cut-over.',
  },
} as const satisfies Record<string, FindingKind>

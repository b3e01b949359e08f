import type { FindingKind } from './finding-kind.ts'

/** What can be found about the databases themselves, and about who writes to them. */
export const SERVER_FINDINGS = {
  // the databases
  DATABASE_UNREACHABLE: {
    severity: 'blocks',
    title: 'A database cannot be opened',
    why: 'Nothing can be installed or carried. What is installed goes on writing its log, so no change is lost meanwhile.',
    mend: 'Start it, or correct `sides.NAME.database`.',
  },
  DATABASE_NOT_NAMED: {
    severity: 'blocks',
    title: 'A database is not named',
    why: 'A sync is between the databases of two sides.',
    mend: 'Set `sides.NAME.database`.',
  },
  DATABASE_UNSEEN: {
    severity: 'warns',
    title: 'A service applies for itself, and the kit may not look into its database',
    why: 'Rows are carried, shadowed and read in a canary. They cannot be compared, repaired or tried on their way back, and the ownership can neither be moved to the service nor brought back.',
    mend: 'Set `sides.NAME.database` before the cut-over; the service still applies for itself.',
  },
  DATABASE_SHARED: {
    severity: 'blocks',
    title: 'Both sides have one database',
    why: 'The sync would copy tables onto themselves, and the guards would reject the monolith’s own writes.',
    mend: 'Give the service a database of its own.',
  },
  INSTALLED_UNASKED: {
    severity: 'warns',
    title: 'The kit’s triggers are in a database, and the journal has no sync of these tables',
    why: 'An installation ended between the databases and the journal. What such triggers write down of the owner’s tables nobody reads, so it grows with every write; at the other side they reject writes.',
    mend: '`strangler sync install NAME` takes them into use, `strangler sync uninstall NAME` takes them out.',
  },
  QUEUE_IN_MONOLITH: {
    severity: 'blocks',
    title: 'The queue would stand in the monolith’s database',
    why: 'The monolith must not bear the load of the queue.',
    mend: 'Set `control.url` to a database of its own, or `redis.url`.',
  },
  VERSION_TOO_OLD: {
    severity: 'blocks',
    title: 'The server is too old, or of a kind that was never run',
    why: 'PostgreSQL 13 and MariaDB 10.6 are the oldest with what the triggers and the applier need. MySQL lacks statements that the kit uses.',
    mend: 'Upgrade the server.',
  },
  NOT_PRIMARY: {
    severity: 'blocks',
    title: 'The server takes no writes',
    why: 'Triggers are installed, and versions are made, where the writes happen.',
    mend: 'Name the primary in `sides.NAME.database`.',
  },
  MULTI_PRIMARY: {
    severity: 'blocks',
    title: 'More than one server takes writes',
    why: 'A version grows per row on one server only. With two, the newer of two changes cannot be told from the older.',
    mend: 'Let one server take all writes of these tables, and end the other way of replication.',
  },
  PRIVILEGE_MISSING: {
    severity: 'blocks',
    title: 'The kit’s user lacks a privilege',
    why: 'The installation, or the carrying of the first row, would fail in its middle.',
    mend: 'Grant it, as the finding says.',
  },
  CLOCKS_DIFFER: {
    severity: 'warns',
    title: 'A database’s clock differs from the kit’s',
    why: 'Lag and read-your-writes are measured by the source’s clock. Nothing is lost, but the figures lie by as much.',
    mend: 'Run a time service (chrony, systemd-timesyncd) on both machines.',
  },
  REDIS_EVICTS: {
    severity: 'warns',
    title: 'Redis throws jobs away when its memory is full',
    why: 'No change is lost, since everything is sent again from the log, but each lost job costs seconds.',
    mend: 'Set `maxmemory-policy noeviction`.',
  },
  NOT_LOOKED_AT: {
    severity: 'note',
    title: 'A look was not possible',
    why: 'What it would have found is not known.',
    mend: 'Give the kit’s user the right to read it, and run the command again.',
  },
  // who writes, and how
  WRITER_UNKNOWN: {
    severity: 'warns',
    title: 'Somebody writes who is not named in the configuration',
    why: 'A writer that does not go through the proxy goes on writing into the monolith’s database after the cut-over, and is rejected there.',
    mend: 'Move it behind the proxy; or name it in `capabilities.NAME.writers` with the reason why it may stay.',
  },
  GUARD_REPORTS: {
    severity: 'warns',
    title: 'A table lets stray writes pass',
    why: 'Writes by the side that does not own it are kept and shown, not carried over: the two sides differ from then on. While there are any the capability cannot be retired.',
    mend: 'Find who writes, and leave `guard` of the table out again.',
  },
  SCHEDULED_JOBS: {
    severity: 'warns',
    title: 'The database runs jobs by itself',
    why: 'A job that writes to the tables does not go through the proxy, and is rejected after the cut-over.',
    mend: 'Move jobs that write to these tables into the service before the cut-over.',
  },
  LASTVAL_USED: {
    severity: 'note',
    title: 'Something asks for the last number that was given',
    why: 'It keeps getting the right one: the triggers take no number of a sequence, and MariaDB restores the last insert id after a trigger.',
    mend: 'Nothing to do; RETURNING is safer.',
  },
  REPLACE_USED: {
    severity: 'note',
    title: 'Something writes with REPLACE or ON DUPLICATE KEY UPDATE',
    why: 'Both are captured. REPLACE deletes the row first, so cascades take its children along.',
    mend: 'Nothing to do; where children hang on the row, INSERT … ON DUPLICATE KEY UPDATE keeps them.',
  },
  REPLICA_ROLE_USED: {
    severity: 'note',
    title: 'A role or database has session_replication_role set',
    why: 'The triggers of the kit fire all the same. Foreign keys are not checked in such sessions, and cascades do not run.',
    mend: 'Look at what uses it.',
  },
  // settings
  TRUNCATE_UNSEEN: {
    severity: 'note',
    title: 'MariaDB tells no trigger of a TRUNCATE',
    why: 'The service would keep the rows. The watch over a running sync notices within a minute that the table was made anew, where the kit’s user has the PROCESS privilege.',
    mend: 'Use DELETE, or run `strangler sync backfill` and `strangler sync verify` after it.',
  },
  TRIGGERS_NEED_SUPER: {
    severity: 'blocks',
    title: 'The binary log lets nobody but SUPER create triggers',
    why: 'The installation would fail at its first trigger.',
    mend: 'SET GLOBAL log_bin_trust_function_creators = 1.',
  },
  SQL_MODE_LOOSE: {
    severity: 'note',
    title: 'The server changes values that do not fit instead of refusing them',
    why: 'What it has made of them is what is carried. The kit’s own connections are strict.',
    mend: 'Nothing to do for the sync.',
  },
  LOCK_WAIT_SHORT: {
    severity: 'note',
    title: 'Statements give up waiting for a lock early',
    why: 'A delete in a parent table waits for changes of its children that are under way, as the kit logs them.',
    mend: 'Raise innodb_lock_wait_timeout if the application sees error 1205 where it saw none.',
  },
} as const satisfies Record<string, FindingKind>

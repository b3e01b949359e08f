import { BEGINNING_ERRORS } from './beginning-errors.ts'
import { COMPARISON_ERRORS } from './comparison-errors.ts'
import { DASHBOARD_ERRORS } from './dashboard-errors.ts'
import { docsPath } from './docs-path.ts'
import { MIGRATION_ERRORS } from './migration-errors.ts'
import { OWNERSHIP_ERRORS } from './ownership-errors.ts'

/**
 * The one catalogue of errors, and the source of docs/reference/errors.md. `title` is the sentence that everybody gets, `when` says
 * where it comes from, `help` what to do about it. A single error may know better: then its `fix` names the command.
 */
export const ERRORS = {
  // configuration and start
  STRANGLER_CONFIG_INVALID: {
    status: 500,
    title: 'The configuration is not valid',
    when: 'At the start, before anything listens: a key of `strangler.config.ts`, a token, the token file or the kit’s directory cannot be used. The message names the key and the value that was found.',
    help: 'Correct the key that the message names; [config.md](config.md) lists every key with its type and default.',
  },
  STRANGLER_CONFIG_NOT_FOUND: {
    status: 500,
    title: 'There is no configuration file',
    when: '`strangler start` found no `strangler.config.ts` (or `.mts`, `.js`, `.mjs`) in the working directory, or no file where `--config` points.',
    help: 'Write one with `strangler init`; or run it in the folder of the configuration, or name the file: `strangler start --config path/to/strangler.config.ts`.',
  },
  STRANGLER_ENDPOINT_TIE: {
    status: 500,
    title: 'Two endpoints match the same requests',
    when: 'At the start: two endpoints of the configuration match the same requests and neither is more specific, so it would be chance which one decides. Both are named.',
    help: 'Remove one of the two, or give one of them a more specific path.',
  },
  STRANGLER_PORT_IN_USE: {
    status: 500,
    title: 'A port is taken',
    when: 'At the start: another program listens where the proxy or the admin API should, or this user may not listen there.',
    help: 'Stop the other program, or take another port: `strangler start --port N --admin-port N`; 0 takes any that is free.',
  },
  STRANGLER_NAME_IN_USE: {
    status: 500,
    title: 'Another proxy has this name',
    when: 'At the start: a proxy of the same name runs from the same directory already. Both would share one registration, and a cut-over would wait for one of them only.',
    help: 'Stop the other one, or start this one with a name of its own: `strangler start --name edge-2`.',
  },
  STRANGLER_SIDE_UNREACHABLE: {
    status: 500,
    title: 'A side does not answer',
    when: 'At the first start, when nothing accepts a connection at the address of a side: a wrong address is a likely mistake then. A restart does not ask.',
    help: 'Start the side, or correct its address in `sides`; `strangler start --allow-unreachable` starts without it.',
  },
  STRANGLER_CONTROL_DATABASE_UNREACHABLE: {
    status: 503,
    title: 'The control database does not answer',
    when: 'A command or question of the admin API needs the control database, and it does not answer, or takes no writes: its disk is full, or it is a standby. Proxies go on with the table they have.',
    help: 'Start the database, or correct `control.url`. Nothing needs a restart: every process connects again by itself. Until then nothing can be changed.',
  },
  STRANGLER_POSTGRES_START_FAILED: {
    status: 500,
    title: 'The embedded PostgreSQL did not start',
    when: 'At the start, without `control.url`: PostgreSQL is not installed for this machine, cannot use its directory, or ended at once. The message holds the end of its log.',
    help: 'Mend what the log names (space, rights, another process that owns the directory), or set `control.url` to a PostgreSQL of your own.',
  },
  ...BEGINNING_ERRORS,
  // commands
  STRANGLER_UNKNOWN_ENDPOINT: {
    status: 404,
    title: 'No capability has this endpoint',
    when: 'A command names an endpoint that the configuration does not have. The nearest names are suggested.',
    help: 'Write it as `strangler route list` shows it, method and template, in quotes.',
  },
  STRANGLER_UNKNOWN_CAPABILITY: {
    status: 404,
    title: 'There is no such capability',
    when: 'A command or question names a capability that the configuration does not have. The nearest names are suggested.',
    help: 'Use a name from the column CAPABILITY of `strangler route list`.',
  },
  STRANGLER_UNKNOWN_PROXY: {
    status: 404,
    title: 'Nobody is registered under this id',
    when: '`strangler proxy evict` names a registration that does not stand: it was removed by a clean stop, or evicted already.',
    help: 'Look at `strangler proxy list`. If it is not in the list, there is nothing left to evict.',
  },
  STRANGLER_WORKER_ALIVE: {
    status: 409,
    title: 'The worker may still be working',
    when: '`strangler proxy evict` names a worker whose lease is not over: cut off from the kit it goes on working until then, and its registration is what a cut-over waits for.',
    help: 'Stop the worker, which removes its registration; or wait until its lease is over, then evict it.',
  },
  ...COMPARISON_ERRORS,
  STRANGLER_INVALID_COMMAND: {
    status: 400,
    title: 'The command is not understood',
    when: 'A command has a field that is missing, unknown or out of range, or asks for something that this version cannot do. The message names the field.',
    help: 'See [cli.md](cli.md) for commands and [admin-api.md](admin-api.md) for fields.',
  },
  STRANGLER_TOGGLE_REFUSED: {
    status: 409,
    title: 'This toggle would put data at risk',
    when: 'An endpoint of a capability with `tables` was to leave the side that owns them: writes would split the data between two databases, reads would see a copy that nobody keeps.',
    help: 'Leave it on the monolith. If the capability is not in use yet, or its data does not matter, add `--unsafe` and a `--because`.',
  },
  STRANGLER_HOLD_CONFLICT: {
    status: 409,
    title: 'The write hold is not in the state this command needs',
    when: 'A hold was to begin where one stands, or to be fenced or ended where none stands, or to be fenced after it ran out. Or it is the hold of a cut-over, which nobody fences or ends by hand.',
    help: 'Look at `strangler hold status`; `strangler hold abort CAPABILITY` ends a hold that was started by hand as if it had not been. That of a cut-over ends by itself when its guards are open.',
  },
  ...MIGRATION_ERRORS,
  STRANGLER_SYNC_REFUSED: {
    status: 409,
    title: 'The tables cannot be synced as they are',
    when: '`strangler sync install` or the start of a sync found something in its way: a database that is not named, a table or key that is missing or cannot be used, a mapping that loses data, a table that could not be locked. `details.findings` holds each with its reason and mend.',
    help: 'Mend what the findings name, then repeat the command. Nothing was installed, unless the message says that a lock was missing.',
  },
  STRANGLER_SYNC_SCHEMA_CHANGED: {
    status: 409,
    title: 'A synced table is not what it was',
    when: 'While a sync runs, or when it starts again: columns, key or foreign keys of a table are other ones than at the installation. It pauses, and names the differences. Changes go on being written to the log.',
    help: 'Make both sides fit each other, then `strangler sync install CAPABILITY` makes triggers and mapping anew and goes on. When the change is undone it goes on by itself. A new column is filled for the rows that are there by `strangler sync backfill CAPABILITY`.',
  },
  STRANGLER_SYNC_CONFLICT: {
    status: 409,
    title: 'The sync is not in the state this command needs',
    when: 'A sync was to be filled, paused, resumed, compared or repaired that is not installed; a repair was asked of a process that has compared nothing; a sync was to be taken out from under a service that owns the data; a sync was to be installed for a capability that is retired; another installation, uninstallation or cut-over has begun while this one was at work; or a comparison has failed, or has met rows whose changes wait because the sync is paused.',
    help: '`strangler sync status` shows what is installed; `strangler sync install CAPABILITY` installs it. While the service owns, `strangler migrate CAPABILITY back` or `retire` comes before `strangler sync uninstall`.',
  },
  STRANGLER_SYNC_DIVERGED: {
    status: 409,
    title: 'The two databases are not the same',
    when: '`strangler sync verify` has compared all rows and found some that are missing, too many or different in the service’s database, and that no change on its way will mend.',
    help: '`strangler sync repair CAPABILITY` brings them to what the owner has; `strangler sync explain CAPABILITY TABLE KEY` tells of one row. Then find out who has written there.',
  },
  STRANGLER_SYNC_OUTDATED: {
    status: 409,
    title: 'The journal is older than what the databases know',
    when: 'A sync was to be installed, or runs, in an epoch below the one that a database of the capability knows. It is so after the control database was lost and made anew, or restored to an older state, and where a database is a copy of another environment’s. The database would drop every change as outdated, so none is carried. Nothing was changed but, with `--take-over`, whose the databases are.',
    help: 'Make sure who owns the data. Then `strangler sync uninstall CAPABILITY`, `install`, `backfill` and `verify`: an uninstallation forgets the epochs. Where the service applies for itself, `uninstall()` of its applier too.',
  },
  STRANGLER_SYNC_FOREIGN: {
    status: 409,
    title: 'The database or the job belongs to another installation',
    when: 'A database is claimed, for this capability, by an installation with another control database; or a job of another installation has reached the applier. It is so when a configuration names the wrong database, when a database is a copy of another environment’s, and after the control database was lost and made anew. Both installations would write the same rows. Nothing was changed.',
    help: 'Correct `sides.NAME.database`. When the database is to belong to this installation from now on: `strangler sync install CAPABILITY --take-over`, or, where the service applies for itself and the kit has no address of its database, `uninstall()` of its applier. `strangler sync status` names the id of an installation.',
  },
  STRANGLER_SYNC_DATABASE_UNREACHABLE: {
    status: 503,
    title: 'The database of a side does not answer',
    when: 'A sync command or status needs the database of a side, and it cannot be opened. Requests are served as before; changes wait in the log of the side that takes the writes.',
    help: 'Start the database, or correct `sides.NAME.database`. A sync that runs goes on by itself when it answers again.',
  },
  STRANGLER_VERSION_CONFLICT: {
    status: 409,
    title: 'Somebody else has changed the routes meanwhile',
    when: 'The journal has moved on since the version that the command expects. Nothing was changed; `details.entries` holds what came between.',
    help: 'Look at `strangler route history`, and repeat the command if it is still right.',
  },
  STRANGLER_UNAUTHORIZED: {
    status: 401,
    title: 'The token is missing or wrong',
    when: 'A request to the admin API carries no bearer token, or one that is neither the operator’s nor the viewer’s.',
    help: 'Set `STRANGLER_TOKEN`, or run the command where `.strangler/tokens.json` can be read (`--directory` names another place).',
  },
  STRANGLER_FORBIDDEN: {
    status: 403,
    title: 'The token may look, not change',
    when: 'A command was given with the viewer token.',
    help: 'Use the operator token.',
  },
  STRANGLER_TOO_MANY_ATTEMPTS: {
    status: 429,
    title: 'Too many failed sign-ins',
    when: 'An address has sent ten wrong tokens within a minute. It is refused until the minute is over, whatever it sends.',
    help: 'Wait for as long as `retry-after` says, then use the right token.',
  },
  STRANGLER_HOST_REFUSED: {
    status: 421,
    title: 'The request was meant for another host',
    when: 'The admin API listens on loopback, and the `Host` header names something else: a web page may be trying to reach it through a visitor’s browser.',
    help: 'Ask for 127.0.0.1 or localhost, through a tunnel if need be.',
  },
  ...DASHBOARD_ERRORS,
  STRANGLER_NOT_FOUND: {
    status: 404,
    title: 'The admin API has nothing at this address',
    when: 'The method and path are none of the admin API’s.',
    help: 'See [admin-api.md](admin-api.md) for every address.',
  },
  STRANGLER_BODY_TOO_LARGE: {
    status: 413,
    title: 'The command is too large',
    when: 'The body of a command is larger than 64 KiB.',
    help: 'Shorten it: no command needs so much.',
  },
  STRANGLER_NOT_JSON: {
    status: 415,
    title: 'The command is not JSON',
    when: 'A command has no `content-type: application/json`, is compressed, or is in another character set than UTF-8.',
    help: 'Send plain UTF-8 JSON with `content-type: application/json`.',
  },
  STRANGLER_ADMIN_UNREACHABLE: {
    status: 503,
    title: 'The admin API does not answer',
    when: 'The command line found nothing at the admin API’s address, or something that is not the admin API of this version.',
    help: 'Start the kit with `strangler start`, or name the address with `--admin-url` or `STRANGLER_ADMIN_URL`.',
  },
  // requests through the proxy
  STRANGLER_PATH_REFUSED: {
    status: 400,
    title: 'The path can be read in two ways',
    when: 'The path has dots, slashes or escapes that proxy and side may read differently, and the readings lead to different endpoints.',
    help: 'Let the client send the plain path, without encoded slashes or dot segments.',
  },
  STRANGLER_REQUEST_INVALID: {
    status: 400,
    title: 'The request is not valid HTTP',
    when: 'The bytes are not HTTP/1.1, or their framing can be read in two ways. Headers over 32 KiB get 431, headers that take longer than 30 seconds get 408, with the same code. The connection is closed.',
    help: 'Look at what sends it: a broken client, a scan, or an attempt to smuggle a request.',
  },
  STRANGLER_BODY_ALREADY_READ: {
    status: 500,
    title: 'Something read the request body before the proxy',
    when: 'Embedded in Express: a body parser ran first, so the service would get no body.',
    help: 'Mount the kit before body parsers: `app.use(strangler.middleware)` comes first.',
  },
  STRANGLER_UPSTREAM_REFUSED: {
    status: 502,
    title: 'The other side refused the connection',
    when: 'No connection could be made: nothing listens, the name is not known, or the network is not reachable. Nothing of the request was sent.',
    help: 'Look at `side` in the log line, and whether that side runs. If it is a service: `strangler route set "ENDPOINT" monolith`.',
  },
  STRANGLER_UPSTREAM_RESET: {
    status: 502,
    title: 'The other side broke the connection',
    when: 'The connection ended before the answer was whole. A read without a body was tried again once; a write never is, and may have taken effect.',
    help: 'Look at the log of the side named in `side`: it crashed, restarted, or cut the answer short.',
  },
  STRANGLER_UPSTREAM_INVALID: {
    status: 502,
    title: 'The other side did not answer in HTTP',
    when: 'What came back is not an HTTP/1.1 answer, or is one that can be read in two ways.',
    help: 'Check that the address in `sides` is an HTTP port, not one for TLS or a database.',
  },
  STRANGLER_UPSTREAM_CONNECT_TIMEOUT: {
    status: 504,
    title: 'The other side did not accept the connection in time',
    when: 'No connection within `connectMs`.',
    help: 'Check the network and the load of the side; `deadlines.connectMs` is the limit.',
  },
  STRANGLER_UPSTREAM_HEADERS_TIMEOUT: {
    status: 504,
    title: 'The other side did not begin its answer in time',
    when: 'The request was sent and no answer began within `headersMs`. A write may have taken effect.',
    help: 'Find out why the side is slow, or give that endpoint a longer `deadlines.headersMs`.',
  },
  STRANGLER_UPSTREAM_TOTAL_TIMEOUT: {
    status: 504,
    title: 'The whole exchange took too long',
    when: 'The answer had not ended within `totalMs`. An answer that has begun is broken off; event streams are exempt.',
    help: 'Give endpoints with long answers a longer `deadlines.totalMs`; 0 means no limit.',
  },
  STRANGLER_HOLD_FULL: {
    status: 503,
    title: 'Writes are held and the waiting room is full',
    when: 'As many writes of the capability wait for a hold as `hold.maxWaiting` allows. Nothing was sent to a side.',
    help: 'It passes with the hold: `strangler hold status` shows it. That of a cut-over ends by itself; `strangler hold abort CAPABILITY` ends one that was started by hand.',
  },
  STRANGLER_HOLD_TIMEOUT: {
    status: 503,
    title: 'Writes are held for longer than this request may wait',
    when: 'A write waited for `hold.maxWaitMs` and the hold still stands. Nothing was sent to a side.',
    help: 'Look at `strangler hold status`. The hold of a cut-over ends by itself when the owner’s guards are open, for which both databases have to answer. One that was started and fenced by hand ends by `strangler hold release CAPABILITY` or `abort` only.',
  },
  ...OWNERSHIP_ERRORS,
  STRANGLER_UPGRADES_FULL: {
    status: 503,
    title: 'Too many upgraded connections are open',
    when: 'The proxy process has 10,000 upgraded connections (WebSocket) open.',
    help: 'Start more proxies or workers; `strangler_upgraded_connections` shows how many are open.',
  },
  STRANGLER_STOPPING: {
    status: 503,
    title: 'The proxy is stopping',
    when: 'An upgrade arrived while the proxy was draining.',
    help: 'Connect again: another proxy, or the next start, will take it.',
  },
  STRANGLER_INTERNAL: {
    status: 500,
    title: 'The kit failed',
    when: 'A mistake of the kit itself, or of a handler in the options of http-proxy-middleware. The log has a line of level 50 with the whole error.',
    help: 'Find the line by its `correlationId` or time, and report it with the version of the kit.',
  },
} as const

/** Every code of the catalogue. */
export type ErrorCode = keyof typeof ERRORS

/** Where docs/reference/errors.md explains a code. */
export function helpOf(code: ErrorCode): string {
  return `${docsPath('reference/errors.md')}#${code.toLowerCase()}`
}

/**
 * What each key of the configuration means. Types and defaults are the schema's; a key without a meaning here, or a meaning without a
 * key, fails the writing of the page.
 */
export const CONFIG_KEYS: Readonly<Record<string, string>> = {
  ...explainCompare('capabilities.<name>.compare', ''),
  ...explainCompare(
    'capabilities.<name>.endpoints[].compare',
    ' For this endpoint, beside those of its capability.',
  ),
  'sides.<name>.url':
    'Address of the side: scheme, host, port. A side may be written as this string alone. The side `monolith` must be there; requests that no capability names go to it.',
  'sides.<name>.database':
    'Address of its database for the data sync, `postgres://user:password@host:5432/name` or `mariadb://…`. Without the two of a capability its tables are not synced. Messages never show the password.',
  'sides.<name>.deadlines.connectMs': 'Otherwise than `proxy.deadlines.connectMs`, for this side.',
  'sides.<name>.deadlines.headersMs': 'Otherwise than `proxy.deadlines.headersMs`, for this side.',
  'sides.<name>.deadlines.totalMs': 'Otherwise than `proxy.deadlines.totalMs`, for this side.',
  'sides.<name>.host': 'The `Host` that the side sees: the one the client sent, or the one of `url`.',
  'sides.<name>.build.header':
    'The header of its answers that names its build; `x-build` unless said otherwise. Comparisons of different builds are counted apart.',
  'sides.<name>.build.path':
    'A path whose `GET` names the build, as JSON with `build` or `version`, or as text. Asked every ten seconds, where the header is missing.',
  'sides.<name>.metrics':
    'The path of its Prometheus metrics, e.g. `/metrics`. While a dashboard is open it is asked every five seconds; what `process_cpu_seconds_total` and `process_resident_memory_bytes` say is shown, and what a request costs this side.',
  'sides.<name>.shadowHeaders':
    'Headers of shadow requests to this side that get another value, or `null`: not sent. For credentials that the side takes instead of the client’s.',
  'sides.<name>.maxConnections':
    'Most connections to this side at once, per process. Without it there is no bound but the clients’ number.',
  'capabilities.<name>.service':
    'The side that is its service. Without it: the side of the capability’s own name.',
  'capabilities.<name>.endpoints[].endpoint':
    'Method and path template in the syntax of Express 5, e.g. `GET /api/inventory/:sku`. An endpoint may be written as this string alone.',
  'capabilities.<name>.endpoints[].effect':
    'Whether it reads or writes, where the method says otherwise than is true. GET, HEAD and OPTIONS read, all else writes, and so does an upgrade.',
  'capabilities.<name>.endpoints[].mode':
    "Where requests go until an operator says otherwise. `'service'`, `'monolith'` or `'canary=25'` is short for it. `shadow` sends everything to the monolith: no copy is sent yet.",
  'capabilities.<name>.endpoints[].deadlines.connectMs': 'Otherwise than the side’s, for this endpoint.',
  'capabilities.<name>.endpoints[].deadlines.headersMs': 'Otherwise than the side’s, for this endpoint.',
  'capabilities.<name>.endpoints[].deadlines.totalMs': 'Otherwise than the side’s, for this endpoint.',
  'capabilities.<name>.endpoints[].rewritePath':
    'A path prefix that is replaced on the way to the service; `Location` and cookie paths are rewritten back.',
  'capabilities.<name>.endpoints[].httpProxyMiddleware':
    'Options of http-proxy-middleware, such as `on` and `plugins`. An endpoint that has them is forwarded by it. Options that the kit decides itself are refused (see below).',
  'capabilities.<name>.endpoints[].shadowWrites':
    '`dry-run`: this write is shadowed, and the service runs it in a transaction that is rolled back, with `strangler-kit/service`. Without it writes are never shadowed.',
  'capabilities.<name>.tables[].table':
    'A table that the capability owns, by its name in the monolith. A table may be written as this string alone. With tables a toggle that would split the ownership of the data is refused, and a proxy that does not know who owns them answers 503.',
  'capabilities.<name>.tables[].as': 'Its name in the service’s database. Without it: the same.',
  'capabilities.<name>.tables[].columns':
    'Monolith column → service column, or `null` for one that is not synced. Columns that are not named keep their name.',
  'capabilities.<name>.tables[].constants':
    'Columns that only the service has, with the text that they always hold.',
  'capabilities.<name>.tables[].map':
    'A function from the monolith’s row to further columns of the service; values are texts or `null`. Needs `unmap`.',
  'capabilities.<name>.tables[].unmap': 'The way back of `map`: `unmap(map(row))` must give the row.',
  'capabilities.<name>.tables[].guard.mode':
    'What becomes of a write by the side that does not own the table. Without `guard`, or with `reject`, it fails. With `report` it passes, and the row before and after is kept in the same transaction; it is not carried over, shows in `sync status`, and blocks the retirement of the capability. After a change run `sync install`.',
  'capabilities.<name>.tables[].guard.because': 'Why stray writes may pass; `report` needs it.',
  'capabilities.<name>.tables[].schema':
    'The PostgreSQL schema in which the table stands, in both databases. Without it: `public`. MariaDB: always the database of the address.',
  'capabilities.<name>.writers[].role':
    'A user of the monolith’s database that may write to the tables: the monolith itself, whose requests go through the proxy, or one for which there is a reason. Everybody else that has written is a finding of `strangler doctor`. MariaDB: with or without the host, `shop` or `shop@10.0.0.7`.',
  'capabilities.<name>.writers[].application':
    'PostgreSQL: only with this `application_name`. Without it: with any.',
  'capabilities.<name>.writers[].because': 'Why it may.',
  'capabilities.<name>.applier':
    'Who writes the copy of the tables: the kit, or the service itself with `createSyncApplier` of `strangler-kit/service`. Then the kit needs no access to its database; it can compare, repair and explain rows, and cut over, only if `sides.<name>.database` names it all the same.',
  'capabilities.<name>.unit.header': 'Header that marks a user for the canary. Asked first.',
  'capabilities.<name>.unit.cookie': 'Cookie that marks a user. Asked second.',
  'capabilities.<name>.unit.claim':
    'Claim of the bearer token that marks a user. Asked third; then the kit’s own cookie, then the address. The signature is not checked: it decides where a request goes, not what it may do.',
  'capabilities.<name>.targeting[].header':
    'Condition: a header with exactly this value. All conditions of a rule must hold, and a rule needs one at least. Rules are asked in a canary, before the percentage.',
  'capabilities.<name>.targeting[].cookie': 'Condition: a cookie with exactly this value.',
  'capabilities.<name>.targeting[].tenant': 'Condition: the claim of the bearer token is one of these.',
  'capabilities.<name>.targeting[].address':
    'Condition: the client’s address is in one of these CIDR blocks.',
  'capabilities.<name>.targeting[].target': 'Where requests go that meet the rule.',
  'capabilities.<name>.shadowPercent':
    'Of the exchanges at mode `shadow` and `canary`, how many are asked of the other side too and compared. Each costs that side a request.',
  'capabilities.<name>.maxStalenessMs':
    'How old the service’s copy of the tables may be for reads. Without data sync its age is not known, and reads stay with the owner.',
  'proxy.host': 'Where the proxy listens. Loopback until you say otherwise.',
  'proxy.port': 'Its port; 0 takes a free one. `--port` comes first.',
  'proxy.trustedProxies':
    'Addresses or CIDR blocks of the proxies in front of this one. Only their `X-Forwarded-*` and `Forwarded` are believed.',
  'proxy.deadlines.connectMs':
    'Until the side has accepted the connection. 0 means no limit, for each deadline.',
  'proxy.deadlines.headersMs': 'From the end of the request until the answer’s headers.',
  'proxy.deadlines.totalMs':
    'From the request’s headers until the end of the answer. Event streams and upgrades are exempt.',
  'proxy.debugHeaders': 'Adds `x-strangler-target`, `-reason`, `-endpoint` and `-table-version` to answers.',
  'proxy.drainMs': 'How long a stop waits for requests in flight.',
  'proxy.upgradeDrainMs':
    'How long an upgraded connection may live on after its endpoint went to the other side.',
  'proxy.accessLog': 'Whether each request is logged.',
  'hold.maxWaitMs':
    'The longest that one write waits for a hold. Also how long a hold lasts if its command does not say.',
  'hold.maxWaiting': 'How many writes of one capability may wait at once, per process.',
  'admin.host': 'Where the admin API listens. Elsewhere than on loopback, put TLS in front of it.',
  'admin.port': 'Its port; 0 takes a free one. `--admin-port` comes first.',
  'compare.maxBodyBytes':
    'The longest body that is copied for the comparison, of a request and of an answer each. Longer ones are `skipped`, and counted.',
  'compare.maxHeldBytes': 'All copies together, per process. What finds no room is `skipped`, and counted.',
  'compare.concurrency': 'Shadow requests at once to one side, per process.',
  'compare.maxWaiting': 'How many may wait for that. More are `skipped`, and counted.',
  'compare.timeoutMs':
    'The longest that a shadow request is waited for. Where the primary is quick it is twice its 99th percentile, a second at least.',
  'compare.giveWay':
    'Whether less is compared while the thread that serves clients has to wait for processors. What is left out is drawn by lot and counted as `gave-way`; every endpoint goes on being compared.',
  'control.url':
    'PostgreSQL of the control database, `postgres://…`; `STRANGLER_CONTROL_URL` is asked next. Without either an embedded one runs. Never the monolith’s own database.',
  'sync.watchEveryMs':
    'How often a running sync is looked at: triggers and guards, counters of changed rows, TRUNCATE, the shape of the tables.',
  'sync.coupledForMs':
    'for so long a transaction that changes tables of two capabilities counts after it was seen last (`COUPLED_TRANSACTIONS` of `strangler doctor`)',
  'sync.backfill.maxLagMs':
    'A backfill waits while the oldest live change is older, unless changes were refused: those may wait for its rows. 0 means however old. The status names what it waits for.',
  'sync.backfill.maxInFlight': 'It waits while more live changes are on their way.',
  'sync.backfill.maxQueuedJobs':
    'It waits while more jobs of live changes and their results are in the queue.',
  'sync.backfill.maxActiveSessions':
    'It waits while more sessions than these, besides the kit’s, are at work in the database of either side. Without it the load is not looked at.',
  'sync.backfill.queries[].side':
    'In whose database the query is asked. What is asked often should be cheap.',
  'sync.backfill.queries[].query': 'One statement; of its first row the first value counts.',
  'sync.backfill.queries[].above': 'The backfill waits while the value is above this number, or is none.',
  'sync.backfill.flagFile':
    'Every backfill waits while this file is there: `touch .strangler/throttle`. Relative to `directory`.',
  'redis.url':
    'Redis, `redis://…`; `REDIS_URL` is asked next, then a `redis-server` on the `PATH` is started. Nothing depends on it yet.',
  'gates.shapesCovered':
    'Adds the gate `shapes-covered` to the canary: of the shapes of requests that were seen (names of parameters, and the status) at least this share was compared three times. `0.95`, say; without it nobody asks.',
  demo: 'Allows the gate profile `demo` of `strangler migrate`, whose windows are too short and whose bounds are too wide for real users.',
  directory:
    'Where the kit keeps its files: tokens, last good tables, the embedded database. Relative to the folder of the configuration file.',
}

/** The rules of comparing stand in two places, with the same keys. */
function explainCompare(at: string, where: string): Record<string, string> {
  const keys: Readonly<Record<string, string>> = {
    'ignore[]': 'Paths that are not compared.',
    'lists[].path': 'A list whose order means nothing.',
    'lists[].keyedBy': 'The member by which its entries belong together. Without it, equal ones do.',
    'numbers[].path': 'A number, or a text that is one, that may differ a little.',
    'numbers[].within': 'By how much.',
    'dates[].path': 'A date that may differ a little.',
    'dates[].withinMs': 'By how many milliseconds.',
    'placeholders[].path': 'A value that only has to look alike on both sides.',
    'placeholders[].pattern': '`uuid`, `timestamp`, or a regular expression for the whole value.',
    'baseUrls[]': 'Addresses that are taken out of texts before they are compared.',
    nullIsAbsent: 'A member that is `null` is like one that is not there. Off by default.',
    'headers[]': 'The headers that are compared, instead of the default ones.',
    'aliases[].path':
      'An id that each side makes by itself: `$.id`, `header:location`, and in requests `param:id`, `query:id`, `request:$.id`.',
    'aliases[].of': 'What it identifies: ids of one thing are known by one name, such as `order`.',
    'aliases[].learn': 'Here the ids of both sides belong together for certain, and the pair is remembered.',
    'neverNoise[]':
      'Paths where no difference is ever noise: business data that moves under writes. An exchange in which the monolith differs from itself there says nothing of that place; any other difference counts. Of reads.',
    'mask[]':
      'Secrets and personal data, which are shown and stored nowhere: paths, `query:name`, `header:name`. Passwords, tokens, cookies and the like always are.',
  }
  // A list of plain values is one key of its own.
  return Object.fromEntries(
    Object.entries(keys).map(([key, meaning]) => [`${at}.${key.replace(/\[\]$/, '')}`, meaning + where]),
  )
}

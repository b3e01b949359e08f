/** Part of the catalogue: a proxy that cannot know who owns the data. */
export const OWNERSHIP_ERRORS = {
  STRANGLER_JOURNAL_REPLACED: {
    status: 503,
    title: 'The journal has lost lines',
    when: 'The control database was failed over, or restored, to a copy that was behind: lines that a running process has followed are gone, and others have their numbers. It stands in the log.',
    help: 'Look at `strangler route history` for what is missing, and decide it anew. Where the lost lines moved an ownership, the proxies that know of it answer capabilities with tables with 503 until they are started anew: first make sure who owns. Run the control database with synchronous replication.',
  },
  STRANGLER_OWNER_NOT_CONFIGURED: {
    status: 503,
    title: 'The configuration does not know what the service owns',
    when: 'By the journal the service owns a capability, or is being given it, and the configuration does not name the capability, or none of its tables: it was renamed, left out, or another configuration was deployed. The kit does not start; one that runs already says it in its log and is not ready.',
    help: 'Give the capability its old name and its tables again. Otherwise its requests would go to the monolith, which refuses the writes and answers from an old copy.',
  },
  STRANGLER_TABLE_UNCONFIRMED: {
    status: 503,
    title: 'This proxy does not know who owns the data',
    when: 'The proxy started without the control database and without a standing registration of its own, so ownership may have moved while it was away; or the journal was replaced by one that has lost an ownership. Only capabilities with `tables` are refused.',
    help: 'Bring the control database back; the proxy then serves at once, without a restart. After STRANGLER_JOURNAL_REPLACED in its log: make sure who owns, and restart it.',
  },
} as const

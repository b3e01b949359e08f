/** What can go wrong between the dashboard and the admin API. */
export const DASHBOARD_ERRORS = {
  STRANGLER_CROSS_SITE: {
    status: 403,
    title: 'The request does not come from the dashboard’s own page',
    when: 'A request with the dashboard’s cookie was made by a page of another origin, or without the word that the dashboard’s page was told when it was opened: another page may be using the visitor’s browser.',
    help: 'Load the dashboard again. Programs send a bearer token to `/api` instead.',
  },
  STRANGLER_DASHBOARD_NOT_BUILT: {
    status: 503,
    title: 'The dashboard is not built',
    when: 'Somebody opens the dashboard of a kit that runs from its sources, where nobody has built it yet. The package has it built.',
    help: 'Run `npm run dashboard:build`; `npm run demo` and `npm test` do it themselves. Nothing needs a restart.',
  },
  STRANGLER_LIVE_FULL: {
    status: 503,
    title: 'Too many dashboards are open',
    when: '64 open dashboards are told of changes already, and each of them costs a connection.',
    help: 'Close some. The page asks again by itself.',
  },
} as const

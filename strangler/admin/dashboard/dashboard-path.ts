/** Everything of the dashboard is under it, its cookie included. */
export const DASHBOARD_PATH = '/dashboard'

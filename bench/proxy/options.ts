/** How much is measured. */
export interface ProxyBenchOptions {
  readonly json: boolean
  /** Rounds over all peers; every figure is a median over them. */
  readonly rounds: number
  /** How long one peer is loaded in one round. */
  readonly seconds: number
  /** How long each is loaded before the first round: until its code is compiled. */
  readonly warmUpSeconds: number
  readonly connections: number
  /** Toggles whose way to the proxies is timed. */
  readonly toggles: number
  /** Proxy processes that take part in the toggles. */
  readonly proxies: number
}

export const PROXY_BENCH_DEFAULTS: ProxyBenchOptions = {
  json: false,
  rounds: 7,
  seconds: 3,
  warmUpSeconds: 4,
  connections: 64,
  toggles: 250,
  proxies: 4,
}

/** The share of the kit's own saturation at which the added latency is measured. */
export const LATENCY_LOAD = 0.3

/** The path that is asked for: one of the endpoints that the kit's configuration names, with a parameter. */
export const PATH = '/api/area-7/items-3/SKU-0042'

/** One that is compared where the kit compares at all: the monolith answers, and the service is asked too. */
export const SHADOWED_PATH = '/api/area-7/items-4/SKU-0042'
export const SHADOWED_ENDPOINT = 'GET /api/area-7/items-4/:sku'

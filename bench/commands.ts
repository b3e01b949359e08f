import { benchCompare } from './compare/bench-compare.ts'
import { COMPARE_BENCH_DEFAULTS } from './compare/options.ts'
import { benchProxy } from './proxy/bench-proxy.ts'
import { PROXY_BENCH_DEFAULTS } from './proxy/options.ts'
import { benchSync } from './sync/bench-sync.ts'
import { SYNC_BENCH_DEFAULTS } from './sync/options.ts'

/** A benchmark by the name that people type. Every option but `json` is a number above 0. */
interface BenchCommand<Options extends { readonly json: boolean }> {
  readonly summary: string
  readonly defaults: Options
  run(options: Options, signal: AbortSignal): Promise<void>
}

const proxy: BenchCommand<typeof PROXY_BENCH_DEFAULTS> = {
  summary:
    'The proxy next to @fastify/http-proxy, express + http-proxy-middleware and nginx, in one run on this machine.',
  defaults: PROXY_BENCH_DEFAULTS,
  run: benchProxy,
}

const sync: BenchCommand<typeof SYNC_BENCH_DEFAULTS> = {
  summary: 'The data sync between two PostgreSQL servers that write through to the disk, next to COPY.',
  defaults: SYNC_BENCH_DEFAULTS,
  run: benchSync,
}

const compare: BenchCommand<typeof COMPARE_BENCH_DEFAULTS> = {
  summary: 'The comparison of two JSON answers next to JSON.parse, jsondiffpatch and microdiff.',
  defaults: COMPARE_BENCH_DEFAULTS,
  run: benchCompare,
}

// biome-ignore lint/suspicious/noExplicitAny: each takes the options whose names its defaults give
export const benchCommands: Readonly<Record<string, BenchCommand<any>>> = { proxy, sync, compare }

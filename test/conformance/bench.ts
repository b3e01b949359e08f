import type { Address, RunningSubject, Subject, SubjectOptions } from './subjects/subject.ts'
import { RawClient } from './tools/raw-client.ts'
import { RawUpstream, type UpstreamScript } from './tools/raw-upstream.ts'
import { startCountingUpstream } from './tools/sink.ts'

/** What a check starts with: the proxy's options, and what the upstream does with each request. */
export interface Setup extends SubjectOptions {
  readonly script?: UpstreamScript
}

/** A raw upstream, the subject in front of it, and raw clients. */
export interface Stand {
  readonly upstream: RawUpstream
  readonly proxy: RunningSubject
  connect(): Promise<RawClient>
}

/** What a check works with. Everything that it starts is stopped when the check ends. */
export interface Bench {
  readonly subject: string
  start(setup?: Setup): Promise<Stand>
  upstream(script?: UpstreamScript): Promise<RawUpstream>
  /** An upstream that counts the bytes of uploads without keeping them. */
  countingUpstream(): Promise<Address>
  /** Starts the subject in front of something else than a raw upstream. */
  proxy(upstream: { host: string; port: number }, options?: SubjectOptions): Promise<RunningSubject>
  connect(address: { host: string; port: number }): Promise<RawClient>
  onStop(release: () => unknown): void
}

/** Runs a check on a subject and releases all it acquired, newest first. */
export async function runOn(
  subject: Subject,
  run: (bench: Bench) => Promise<void>,
  timeoutMs: number,
): Promise<void> {
  const releases: (() => unknown)[] = []
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not finished after ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    await Promise.race([run(openBench(subject, (release) => releases.push(release))), late])
  } finally {
    clearTimeout(timer)
    for (const release of releases.reverse()) await release()
  }
}

function openBench(subject: Subject, onStop: (release: () => unknown) => void): Bench {
  const bench: Bench = {
    subject: subject.name,
    onStop,
    async upstream(script) {
      const upstream = await new RawUpstream(script).start()
      onStop(() => upstream.stop())
      return upstream
    },
    async countingUpstream() {
      const upstream = await startCountingUpstream()
      onStop(() => upstream.stop())
      return upstream
    },
    async proxy(upstream, options = {}) {
      const proxy = await subject.start(upstream, options)
      onStop(() => proxy.stop())
      return proxy
    },
    async connect(address) {
      const client = await RawClient.connect({ host: address.host, port: address.port })
      onStop(() => client.close())
      return client
    },
    async start(setup = {}) {
      const { script, ...options } = setup
      const upstream = await bench.upstream(script)
      const proxy = await bench.proxy({ host: upstream.host, port: upstream.port }, options)
      return { upstream, proxy, connect: () => bench.connect(proxy) }
    },
  }
  return bench
}

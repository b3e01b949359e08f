import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canConnect } from '../tools/can-connect.ts'
import { countSockets } from '../tools/process-figures.ts'
import type { Address, RunningSubject, Subject, SubjectOptions } from './subject.ts'

const seconds = (ms: number | undefined, otherwise: number) => `${ms ?? otherwise}ms`

function writeConfig(upstream: Address, port: number, options: SubjectOptions): string {
  const trusted = (options.trustedProxies ?? []).length > 0
  const asRoot = process.getuid?.() === 0
  return `daemon off; master_process off; pid nginx.pid; error_log stderr crit; worker_processes 1; ${asRoot ? 'user root;' : ''}
events { worker_connections 4096; }
http {
  access_log off; server_tokens off; keepalive_requests 100000; client_max_body_size 0;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  map $http_upgrade $upgrade { websocket websocket; default ''; }
  map $http_upgrade $connection_upgrade { websocket upgrade; default ''; }
  upstream side { server ${upstream.host}:${upstream.port}; keepalive 64; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    merge_slashes off; ignore_invalid_headers off; underscores_in_headers on;
    location / {
      proxy_pass http://side; proxy_http_version 1.1; proxy_buffering off; proxy_request_buffering off;
      proxy_connect_timeout ${seconds(options.deadlines?.connectMs, 2_000)};
      proxy_read_timeout ${seconds(options.deadlines?.headersMs, 60_000)};
      proxy_set_header Host $http_host; proxy_set_header Connection $connection_upgrade; proxy_set_header Upgrade $upgrade;
      proxy_set_header X-Forwarded-For ${trusted ? '$proxy_add_x_forwarded_for' : '$remote_addr'};
      proxy_set_header X-Forwarded-Proto ${trusted ? '$http_x_forwarded_proto' : '$scheme'};
      proxy_set_header X-Forwarded-Host ${trusted ? '$http_x_forwarded_host' : '$http_host'};
      proxy_set_header Forwarded ${trusted ? '"$http_forwarded, for=$remote_addr"' : '"for=$remote_addr"'};
      proxy_pass_header Server; proxy_pass_header Date;
    }
  }
}
`
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function waitUntilListening(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 250; attempt++) {
    if (child.exitCode !== null) throw new Error(`nginx left with exit code ${child.exitCode}`)
    if (await canConnect(port)) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`nginx does not listen on port ${port} after 5 s`)
}

async function start(path: string, upstream: Address, options: SubjectOptions): Promise<RunningSubject> {
  const directory = await mkdtemp(join(tmpdir(), 'conformance-nginx-'))
  const port = await findFreePort()
  const file = join(directory, 'nginx.conf')
  await writeFile(file, writeConfig(upstream, port, options))
  const child = spawn(path, ['-p', directory, '-c', file, '-e', 'stderr'], { stdio: 'ignore' })
  await waitUntilListening(port, child)
  return {
    host: '127.0.0.1',
    port,
    pid: child.pid,
    countSockets: async () => countSockets(child.pid as number),
    async stop() {
      if (child.exitCode === null) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** nginx as a reverse proxy, configured for streaming and keep-alive. */
export function nginxSubject(path: string): Subject {
  return { name: 'nginx', start: (upstream, options) => start(path, upstream, options) }
}

/** The version of an nginx, e.g. `1.22.1`. */
export function readNginxVersion(path: string): string {
  const { stderr } = spawnSync(path, ['-v'], { encoding: 'utf8' })
  return /nginx\/([\d.]+)/.exec(stderr)?.[1] ?? 'of an unknown version'
}

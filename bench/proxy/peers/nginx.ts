import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findProgram, serverPath } from '../../../strangler/infra/find-program.ts'
import { findFreePort } from '../../../strangler/infra/free-port.ts'
import type { RunningProcess } from '../../processes/start-process.ts'

/** One worker, keep-alive to the upstream, and an access log in a buffer as large as the kit's. */
function writeConfig(upstream: string, port: number): string {
  return `daemon off; pid nginx.pid; error_log stderr crit; worker_processes 1; ${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 4096; }
http {
  access_log access.log combined buffer=4k flush=1s; keepalive_requests 100000000;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  upstream side { server ${new URL(upstream).host}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass http://side; proxy_http_version 1.1;
      proxy_set_header Host $http_host; proxy_set_header Connection '';
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`
}

/** Starts nginx with one worker. Undefined when it is not on this machine. */
export async function startNginx(upstream: string, directory: string): Promise<RunningProcess | undefined> {
  const program = await findProgram(['nginx'], serverPath())
  if (program === undefined) return undefined
  await mkdir(directory, { recursive: true })
  const port = await findFreePort()
  const file = join(directory, 'nginx.conf')
  await writeFile(file, writeConfig(upstream, port))
  // A group of its own: Ctrl-C must reach it through us, when the load has ended.
  const child = spawn(program, ['-p', directory, '-c', file, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  })
  const exited = once(child, 'exit')
  const kill = () => child.kill('SIGTERM')
  // Unlike the other peers it does not notice by itself that this process has failed.
  process.once('exit', kill)
  const stop = async () => {
    process.off('exit', kill)
    if (child.exitCode === null && child.signalCode === null) kill()
    await exited
  }
  const url = `http://127.0.0.1:${port}`
  for (let attempt = 0; child.exitCode === null && attempt < 250; attempt++) {
    const answers = await fetch(url).then(
      () => true,
      () => false,
    )
    if (answers) return { pid: findWorker(child.pid ?? 0), url, ready: { url }, stop }
    await delay(20)
  }
  await stop()
  throw new Error(`nginx ${program} does not answer at ${url}.`)
}

/** The worker is what serves; the first process only watches. */
function findWorker(master: number): number {
  try {
    const children = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim().split(' ')
    return Number(children[0] || master)
  } catch {
    // No /proc: the processor time is left out then anyway.
    return master
  }
}

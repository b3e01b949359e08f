import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

// Listens with the smallest backlog, says its port, and never comes back to accept a connection.
const LISTEN = `
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

/** A listening socket whose backlog is full: the kernel lets further connections hang, as a hung host does. */
export async function startDeafListener(): Promise<{ host: string; port: number; stop(): void }> {
  const child = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [data] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(data.toString())
  const fillers: Socket[] = []
  while (await fillOne(port, fillers)) if (fillers.length > 50) throw new Error('the backlog never fills')
  return { host: '127.0.0.1', port, stop: () => stop(child, fillers) }
}

/** Whether one more connection was accepted by the kernel. */
function fillOne(port: number, fillers: Socket[]): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => socket.destroy())
  fillers.push(socket)
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 200, false)
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve(true)
    })
  })
}

function stop(child: ChildProcess, fillers: Socket[]): void {
  for (const socket of fillers) socket.destroy()
  child.kill('SIGKILL')
}

import { createServer } from 'node:net'

/**
 * Finds a port that can be listened on: `preferred` when it is free, else any.
 * Somebody else may take it before the caller does, so a server that fails to bind it should ask again.
 * @param preferred 0 or undefined means any port
 */
export async function findFreePort(preferred = 0, host = '127.0.0.1'): Promise<number> {
  return (await tryPort(preferred, host)) ?? (await tryPort(0, host)) ?? Promise.reject(noPort(host))
}

/** Binds the port for a moment; undefined when it is taken or not ours to take. */
function tryPort(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined)
      else reject(error)
    })
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined))
    })
  })
}

function noPort(host: string): Error {
  return new Error(`There is no free port on ${host}.`)
}

import { findFreePort } from '../../strangler/infra/free-port.ts'

/** The usual port, or another one, which is said. */
export async function takePort(what: string, usual: number, say: (line: string) => void): Promise<number> {
  const port = await findFreePort(usual)
  if (port !== usual) say(`port ${usual} is taken: ${what} uses ${port}`)
  return port
}

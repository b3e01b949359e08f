import { connect } from 'node:net'
import { StranglerError } from '../core/errors.ts'

const PROBE_MS = 2_000

/**
 * Asks whether something listens at a side's address; nothing is sent.
 * @throws StranglerError STRANGLER_SIDE_UNREACHABLE
 */
export function probeSide(
  name: string,
  url: string,
  fix = `Start ${name}, or correct its address; \`--allow-unreachable\` starts the proxy without it.`,
): Promise<void> {
  const { hostname, port, protocol } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || (protocol === 'https:' ? 443 : 80),
    })
    socket.setTimeout(PROBE_MS, () => fail(new Error(`no connection within ${PROBE_MS} ms`)))
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    function fail(cause: NodeJS.ErrnoException): void {
      socket.destroy()
      reject(
        new StranglerError(
          'STRANGLER_SIDE_UNREACHABLE',
          `\`sides.${name}\` is ${url}, and nothing answers there (${cause.code ?? cause.message}).`,
          { fix, cause },
        ),
      )
    }
  })
}

/** Whether something listens where a side shall be. */
export interface SideInReach {
  readonly name: string
  readonly host: string
  readonly answers: boolean
}

export function probeSides(
  sides: Readonly<Record<string, { readonly url: string }>>,
): Promise<SideInReach[]> {
  return Promise.all(
    Object.entries(sides).map(async ([name, { url }]) => {
      const { host } = new URL(url)
      const answers = await probeSide(name, url).then(
        () => true,
        () => false,
      )
      return { name, host, answers }
    }),
  )
}

import { connect, type Socket } from 'node:net'

/** One answer, as far as the benchmark looks at it. */
export interface RawAnswer {
  readonly status: number
  /** The head as received, lower-cased, for a look at single headers. */
  readonly head: string
}

/**
 * One keep-alive connection that asks the same thing again and again, with so little work of its own that what is measured is the
 * server. Answers must carry a Content-Length.
 */
export interface RawConnection {
  /** Asks once. Not again before the answer is here. */
  ask(onAnswer: (answer: RawAnswer) => void): void
  close(): void
}

/** @param onFailure called when the connection breaks while an answer is due */
export async function openRawConnection(
  url: string,
  path: string,
  onFailure: (error: Error) => void,
): Promise<RawConnection> {
  const { hostname, port, host } = new URL(url)
  const request = `GET ${path} HTTP/1.1\r\nhost: ${host}\r\naccept: application/json\r\n\r\n`
  const socket = await open(Number(port), hostname)
  socket.setNoDelay(true)
  let waiting: ((answer: RawAnswer) => void) | undefined
  let closed = false
  let received = ''
  const fail = (error: Error) => {
    if (!closed) onFailure(error)
  }
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    received += chunk
    const answer = takeAnswer(received)
    if (answer === undefined) return
    received = ''
    const tell = waiting
    waiting = undefined
    tell?.(answer)
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error(`${url} closed a connection that was in use.`)))
  return {
    ask(onAnswer) {
      waiting = onAnswer
      socket.write(request)
    },
    close() {
      closed = true
      socket.destroy()
    },
  }
}

function open(port: number, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

/** The answer, once it is complete. */
function takeAnswer(received: string): RawAnswer | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = received.slice(0, end).toLowerCase()
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1]
  if (length === undefined) throw new Error(`An answer has no Content-Length:\n${head}`)
  if (received.length < end + 4 + Number(length)) return undefined
  return { status: Number(head.slice(9, 12)), head }
}

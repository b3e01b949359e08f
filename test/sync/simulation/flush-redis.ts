import { connect } from 'node:net'

/** FLUSHALL in Redis's own inline form. */
export function flushRedis(url: string): Promise<void> {
  const { hostname, port, password } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.on('error', reject)
    socket.on('close', () => (answer.split('+OK').length > 2 ? resolve() : reject(new Error(answer))))
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.write(`AUTH ${decodeURIComponent(password)}\r\nFLUSHALL\r\nQUIT\r\n`)
  })
}

import type { Address } from '../subjects/subject.ts'
import { valuesOf } from './http-message.ts'
import { RawClient } from './raw-client.ts'

/**
 * What a load balancer does for its clients: keep-alive connections to several proxies, a refused connect tried at the next
 * one, and nothing else tried twice. `finish` gives the requests that failed.
 */
export function balanceLoad(proxies: readonly Address[], clients: number) {
  const failures: string[] = []
  let answered = 0
  let running = true

  async function connectToAny(start: number): Promise<RawClient> {
    for (let attempt = 0; ; attempt++) {
      const proxy = proxies[(start + attempt) % proxies.length] as Address
      try {
        return await RawClient.connect(proxy)
      } catch (error) {
        if (attempt === proxies.length) throw error
      }
    }
  }

  async function serve(at: number): Promise<void> {
    let client = await connectToAny(at)
    while (running) {
      try {
        const answer = await client.exchange('GET /items HTTP/1.1')
        if (answer.status !== 200) failures.push(answer.startLine)
        answered++
        if (!valuesOf(answer.headers, 'connection').includes('close')) continue
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error))
      }
      client.close()
      client = await connectToAny(at)
    }
    client.close()
  }

  const serving = Array.from({ length: clients }, (_, at) => serve(at))
  // A test that fails before it asks for the end has its own reason to tell.
  for (const client of serving) client.catch(() => undefined)
  return {
    get answered() {
      return answered
    },
    async finish(): Promise<string[]> {
      running = false
      await Promise.all(serving)
      return failures
    },
  }
}

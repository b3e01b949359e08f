import type { VerifyOptions } from './verify-contract.ts'

/** An answer as the checker wants it; its body is decoded already. */
export interface AskedAnswer {
  readonly kind: 'answered'
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Uint8Array
  readonly build: string | undefined
}

const TIMEOUT_MS = 10_000
const LARGEST_ANSWER = 8 * 1_048_576

/** A GET with the caller's headers. Redirects are answers: a contract may name them. */
export async function askTarget(
  { target, headers = {}, timeoutMs = TIMEOUT_MS }: Pick<VerifyOptions, 'target' | 'headers' | 'timeoutMs'>,
  path: string,
): Promise<AskedAnswer | { readonly kind: 'failed'; readonly because: string }> {
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const url = `${target.replace(/\/+$/, '')}${path}`
    const response = await fetch(url, { redirect: 'manual', signal, headers: { accept: '*/*', ...headers } })
    const body = await readBody(response)
    if (body === undefined) return { kind: 'failed', because: `an answer above ${LARGEST_ANSWER} bytes` }
    // `fetch` has taken the encoding off.
    const raw = [...response.headers].filter(([name]) => name !== 'content-encoding').flat()
    const build = response.headers.get('x-build') ?? undefined
    return { kind: 'answered', status: response.status, headers: raw, body, build }
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError')
      return { kind: 'failed', because: `nothing whole within ${timeoutMs} ms` }
    const { cause } = error as { cause?: { code?: unknown; message?: unknown } }
    const why = cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : error)
    return { kind: 'failed', because: String(why) }
  }
}

async function readBody(response: Response): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > LARGEST_ANSWER) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it
  readonly body: any
}

export interface CallOptions {
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** Speaks JSON with one server; `as(token)` gives a client that is signed in. */
export interface HttpClient {
  get(path: string, options?: CallOptions): Promise<Answer>
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  as(token: string): HttpClient
}

export function createHttpClient(url: string, token?: string): HttpClient {
  async function call(method: string, path: string, { body, headers }: CallOptions = {}): Promise<Answer> {
    const answer = await fetch(url + path, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        // Node's fetch would add no-cache to a conditional request, and nothing would ever be 304.
        ...(headers?.['if-none-match'] && { 'cache-control': 'max-age=0' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.includes('json') ?? false
    return {
      status: answer.status,
      headers: answer.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    }
  }
  return {
    call,
    get: (path, options) => call('GET', path, options),
    post: (path, body, headers) => call('POST', path, { body, ...(headers && { headers }) }),
    as: (next) => createHttpClient(url, next),
  }
}

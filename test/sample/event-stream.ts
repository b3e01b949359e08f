export interface StockEvent {
  readonly id: string
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it
  readonly data: any
}

export interface EventStream extends AsyncDisposable {
  readonly contentType: string
  /** The next event; comments and the retry hint are passed over. Rejects when the stream has ended. */
  next(): Promise<StockEvent>
}

export async function openEventStream(
  url: string,
  headers: Record<string, string> = {},
): Promise<EventStream> {
  const abort = new AbortController()
  const answer = await fetch(url, { headers, signal: abort.signal })
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (reader === undefined) throw new Error('The stream has no body.')
  let text = ''

  async function nextBlock(): Promise<string> {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const block = text.slice(0, end)
        text = text.slice(end + 2)
        return block
      }
      const { done, value } = await reader!.read()
      if (done) throw new Error('The stream has ended.')
      text += value
    }
  }

  return {
    contentType: answer.headers.get('content-type') ?? '',
    async next() {
      for (;;) {
        const lines = (await nextBlock()).split('\n')
        const field = (name: string) =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
        const data = field('data')
        if (data !== undefined) return { id: field('id') ?? '', data: JSON.parse(data) }
      }
    },
    async [Symbol.asyncDispose]() {
      abort.abort()
      await reader.cancel().catch(() => undefined) // aborted just now: that is what it says
    },
  }
}

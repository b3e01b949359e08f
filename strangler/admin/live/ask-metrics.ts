const ANSWERS_WITHIN_MS = 2_000
const MOST_BYTES = 1_048_576

/** A side's metrics, and never more of it than we would read. @throws Error that says what it answered instead */
export async function askMetrics(url: string): Promise<string> {
  const answer = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
  }).catch((error: Error) => {
    throw new Error(`${url} does not answer (${error.name}).`)
  })
  if (!answer.ok || answer.body === null) {
    await answer.body?.cancel()
    throw new Error(`${url} answers ${answer.status}.`)
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of answer.body) {
    bytes += chunk.length
    if (bytes > MOST_BYTES) throw new Error(`${url} answers more than 1 MiB.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

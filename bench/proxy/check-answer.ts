/** Throws unless a peer passes the upstream's answer on unchanged: the speed of a wrong answer means nothing. */
export async function checkAnswer(
  peer: { readonly name: string; readonly url: string },
  upstream: string,
  path: string,
): Promise<void> {
  const [expected, found] = await Promise.all([fetchAnswer(upstream + path), fetchAnswer(peer.url + path)])
  if (found.status !== expected.status)
    throw new Error(`${peer.name} answers with ${found.status}, the upstream with ${expected.status}.`)
  if (found.type !== expected.type)
    throw new Error(`${peer.name} answers with ${found.type}, the upstream with ${expected.type}.`)
  if (!found.body.equals(expected.body)) {
    throw new Error(
      `${peer.name} answers with ${found.body.length} bytes that are not the ${expected.body.length} of the upstream.`,
    )
  }
}

async function fetchAnswer(url: string): Promise<{ status: number; type: string | null; body: Buffer }> {
  const response = await fetch(url)
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: Buffer.from(await response.arrayBuffer()),
  }
}

/** What a read answered: its quantity, by which side, why, and the cookie that the side has seen. */
export interface ReadAnswer {
  readonly quantity: number
  readonly side: string | null
  readonly reason: string | null
  readonly cookie: string | null
}

/** One client with an item of its own: what it reads must never be older than what it wrote. */
export interface Shopper {
  readonly cookies: Map<string, string>
  write(proxyUrl: string, quantity: number): Promise<Response>
  read(proxyUrl: string): Promise<ReadAnswer>
}

export function createShopper(item: number, headers: Record<string, string>): Shopper {
  const cookies = new Map<string, string>()
  const send = async (url: string, method: string) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { method, headers: { ...headers, ...(cookie && { cookie }) } })
    for (const set of headers['sec-fetch-mode'] === undefined ? [] : response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      cookies.set(name, value)
    }
    return response
  }
  return {
    cookies,
    async write(proxyUrl, quantity) {
      const response = await send(`${proxyUrl}/stock/${item}?to=${quantity}`, 'PUT')
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
      await response.arrayBuffer()
      return response
    },
    async read(proxyUrl) {
      const response = await send(`${proxyUrl}/stock/${item}`, 'GET')
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
      const { quantity, cookie } = (await response.json()) as { quantity: number; cookie: string | null }
      const [side, reason] = ['target', 'reason'].map((name) => response.headers.get(`x-strangler-${name}`))
      return { quantity, cookie, side: side ?? null, reason: reason ?? null }
    },
  }
}

const claims = (user: string) =>
  `Bearer e30.${Buffer.from(JSON.stringify({ sub: user })).toString('base64url')}.x`

/** One of each kind: known by a header, by a claim, by the kit's own cookie. */
export function createShoppers(count: number): Shopper[] {
  return Array.from({ length: count }, (_, at) => {
    const kinds = [
      { 'x-user': `user-${at}` },
      { authorization: claims(`user-${at}`) },
      { 'sec-fetch-mode': 'cors' },
    ]
    return createShopper(at + 1, kinds[at % kinds.length] as Record<string, string>)
  })
}

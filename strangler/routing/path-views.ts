/**
 * The other ways in which an upstream might read a path: decoded, with dot segments resolved, slashes merged, matrix parameters
 * cut off, or ended by a NUL. A request whose views match different endpoints would be routed by one reading and served by
 * another (http-proxy-middleware#1168), so the proxy refuses it.
 */

// Anything that two readers could treat differently. Plain paths, nearly all of them, stop at this one test.
const SUSPICIOUS = /[%\\;#\0]|\/\/|\/\.|^[^/]/

// Servers decode once; a second server behind the first decodes again.
const DECODINGS = 2

/** Whether a path needs the closer look at all. */
export function isSuspicious(path: string): boolean {
  return SUSPICIOUS.test(path)
}

/** Every other reading of a suspicious path, each beginning with a slash. At most a dozen. */
export function otherViews(path: string): string[] {
  const views = new Set<string>()
  let decoded = stripAuthority(path)
  // `new URL(target, base)`, common in servers, takes what follows two slashes for a host.
  addViews(views, decoded.replace(/^[/\\]{2}[^/\\]*(?=[/\\])/, ''))
  addViews(views, decoded)
  for (let i = 0; i < DECODINGS; i += 1) {
    const next = decodeOnce(decoded)
    if (next === decoded) break
    decoded = next
    addViews(views, decoded)
  }
  views.delete(path)
  return [...views]
}

function addViews(views: Set<string>, path: string): void {
  const slashed = path.replaceAll('\\', '/')
  const cut = (/^[^\0#]*/.exec(slashed)?.[0] ?? '') || '/'
  views.add(path)
  views.add(resolveDots(cut))
  views.add(resolveDots(cut.replace(/;[^/]*/g, '')))
}

/** `http://host/path` and `//host/path` as a server would read them. */
function stripAuthority(path: string): string {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/i.exec(path)
  const rest = absolute ? (absolute[1] ?? '') : path
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Decodes the ASCII bytes only: bytes of UTF-8 stay as the templates have them, and nothing can fail. */
function decodeOnce(path: string): string {
  return path.replace(/%([0-7][0-9a-f])/gi, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

/** RFC 3986 §5.2.4, with repeated slashes merged. */
function resolveDots(path: string): string {
  const out: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment === '..') out.pop()
    else out.push(segment)
  }
  return `/${out.join('/')}`
}

import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import type { RequestHandler, Response } from 'express'
import { StranglerError } from '../../core/errors.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  // Nothing can be made into HTML or script by accident: no part of the page has a policy that would let it.
  ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
].join('; ')

interface BuiltFile {
  readonly type: string
  readonly plain: Buffer
  readonly zipped: Buffer
  readonly caching: string
}

/**
 * The built dashboard. Its few files are read once and found by their whole names, so no path of a request ever reaches the disk.
 * @param folder where Vite has put them
 */
export function serveBuilt(folder: string): RequestHandler {
  let reading: Promise<ReadonlyMap<string, BuiltFile>> | undefined

  return async (req, res) => {
    reading ??= readBuilt(folder)
    const files = await reading
    if (!files.has('/index.html')) {
      // It may be built while we run.
      reading = undefined
      throw new StranglerError('STRANGLER_DASHBOARD_NOT_BUILT', `There is no built dashboard in ${folder}.`, {
        fix: 'Run `npm run dashboard:build`; the command line works without it.',
      })
    }
    const file = files.get(req.path === '/' ? '/index.html' : req.path)
    if (file === undefined || (req.method !== 'GET' && req.method !== 'HEAD')) {
      throw new StranglerError('STRANGLER_NOT_FOUND', 'The dashboard has no such file.', {
        fix: 'Its pages begin at /dashboard/.',
      })
    }
    send(res, file, /\bgzip\b/.test(req.headers['accept-encoding'] ?? ''))
  }
}

function send(res: Response, { type, plain, zipped, caching }: BuiltFile, takesGzip: boolean): void {
  res.setHeaders(
    new Map([
      ['cache-control', caching],
      ['content-security-policy', POLICY],
      ['content-type', type],
      ['cross-origin-opener-policy', 'same-origin'],
      ['permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=()'],
      ['vary', 'accept-encoding'],
    ]),
  )
  if (takesGzip) res.setHeader('content-encoding', 'gzip')
  res.end(takesGzip ? zipped : plain)
}

async function readBuilt(folder: string): Promise<ReadonlyMap<string, BuiltFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = new Map<string, BuiltFile>()
  for (const entry of entries.filter((one) => one.isFile())) {
    const type = TYPES[path.extname(entry.name)]
    if (type === undefined) continue
    const file = path.join(entry.parentPath, entry.name)
    const name = `/${path.relative(folder, file).split(path.sep).join('/')}`
    const plain = await readFile(file)
    // Vite puts a hash of the contents into these names.
    const caching = name.startsWith('/assets/') ? 'private, max-age=31536000, immutable' : 'no-cache'
    files.set(name, { type, plain, zipped: gzipSync(plain), caching })
  }
  return files
}

import type { RequestHandler } from 'express'
import type { FeedEntry, StockFeed } from './stock-feed.ts'

const HEARTBEAT_MS = 15_000
// A reader this far behind is cut; it comes back with Last-Event-ID.
const MAX_UNSENT_BYTES = 1024 * 1024

/** Server-sent events of stock changes; `?sku=` narrows them, `Last-Event-ID` resumes. */
export function stockStream(feed: StockFeed, stopping: AbortSignal): RequestHandler {
  return (request, response) => {
    const sku = typeof request.query.sku === 'string' ? request.query.sku : undefined
    response.set({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    response.flushHeaders()
    response.write('retry: 2000\n\n')

    const send = ({ id, change }: FeedEntry) => {
      if (sku !== undefined && change.sku !== sku) return
      if (response.writableLength > MAX_UNSENT_BYTES) return void response.destroy()
      response.write(`id: ${id}\nevent: stock\ndata: ${JSON.stringify(change)}\n\n`)
    }
    const resumeFrom = Number(request.get('last-event-id') ?? Number.NaN)
    if (!Number.isNaN(resumeFrom)) for (const entry of feed.since(resumeFrom)) send(entry)

    const unsubscribe = feed.subscribe(send)
    const heartbeat = setInterval(() => response.write(': still here\n\n'), HEARTBEAT_MS)
    const end = () => response.end()
    stopping.addEventListener('abort', end, { once: true })
    response.on('close', () => {
      unsubscribe()
      clearInterval(heartbeat)
      stopping.removeEventListener('abort', end)
    })
  }
}

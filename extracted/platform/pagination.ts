import type { Request, Response } from 'express'
import { z } from 'zod'

export const pageQuery = z.object({
  page: z.coerce.number().int().min(1).max(100_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(200).default(20),
})

export interface PageQuery {
  page: number
  pageSize: number
}

/** Sets `Link` to the neighbouring pages, as paths, so that it holds behind any host name. */
export function setPageLinks(request: Request, response: Response, query: PageQuery & { total: number }) {
  const link = (page: number, rel: string) => {
    const url = new URL(request.originalUrl, 'http://localhost')
    url.searchParams.set('page', String(page))
    return `<${url.pathname}${url.search}>; rel="${rel}"`
  }
  const links: string[] = []
  if (query.page > 1) links.push(link(query.page - 1, 'prev'))
  if (query.page * query.pageSize < query.total) links.push(link(query.page + 1, 'next'))
  if (links.length > 0) response.set('link', links.join(', '))
}

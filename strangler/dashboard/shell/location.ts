import { type ReadonlySignal, signal } from '@preact/signals'

export const PAGES = ['overview', 'capability', 'routes', 'compare', 'data', 'journal'] as const
export type PageName = (typeof PAGES)[number]

/** `#/compare/inventory?endpoint=…`: a page, what it is about, and what was chosen on it. */
export interface Place {
  readonly page: PageName
  readonly about: string | undefined
  readonly query: URLSearchParams
}

const current = signal<Place>(read())
export const place: ReadonlySignal<Place> = current

export function linkTo(page: PageName, about?: string, query: Record<string, string> = {}): string {
  const search = new URLSearchParams(query).toString()
  const subject = about === undefined ? '' : `/${encodeURIComponent(about)}`
  return `#/${page}${subject}${search === '' ? '' : `?${search}`}`
}

window.addEventListener('hashchange', () => {
  current.value = read()
})

function read(): Place {
  const [path = '', search] = window.location.hash.replace(/^#\/?/, '').split('?')
  const [name, about] = path.split('/')
  const page = PAGES.find((one) => one === name) ?? 'overview'
  const query = new URLSearchParams(search)
  return { page, about: about === undefined || about === '' ? undefined : decode(about), query }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Somebody typed it.
    return text
  }
}

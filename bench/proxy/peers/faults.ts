/** What a side that is shadowed may do instead of answering. */
export const FAULTS = ['hangs', 'drips', 'resets', 'gigabyte', 'rubbish'] as const

export type Fault = (typeof FAULTS)[number]

const ROOT = '/faulty/'

/** Served well by the monolith; the other side has this fault. */
export function faultyPath(fault: Fault): string {
  return `${ROOT}${fault}/SKU-0042`
}

/** The endpoint of such a path, for the configuration. */
export function faultyEndpoint(fault: Fault): string {
  return `GET ${ROOT}${fault}/:sku`
}

/** The fault that a request asks for by its path. */
export function faultOf(requestHead: string): Fault | undefined {
  return FAULTS.find((fault) => requestHead.includes(` ${ROOT}${fault}/`))
}

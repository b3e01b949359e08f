/** An endpoint that somebody has learnt of, before any configuration names it. */
export interface SeenEndpoint {
  /** In capitals. */
  readonly method: string
  /** A path template as Express 5 writes it: `/orders/:id`. */
  readonly template: string
  /** How often it was asked while somebody watched; 0 where it was only described. */
  readonly requests: number
}

/** Method and template, as the configuration has it. */
export const endpointIdOf = ({ method, template }: SeenEndpoint): string => `${method} ${template}`

/** Two templates of one shape match the same requests; the parameters' names say nothing. */
export const shapeOfTemplate = (template: string): string => template.replaceAll(/:"[^"]*"|:\w+/g, ':')

/** Characters that mean something in a template, and are meant as themselves here. */
export const escapeText = (text: string): string => text.replaceAll(/[{}()[\]+?!:*\\]/g, '\\$&')

/** A parameter's name that a template can hold: `order-id` → `orderId`. */
export function parameterName(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const [first = 'id', ...rest] = words
  const name = [first, ...rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1))].join('')
  return /^[A-Za-z_]/.test(name) ? name : `p${name}`
}

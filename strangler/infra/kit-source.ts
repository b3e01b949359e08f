import { relative, resolve } from 'node:path'

export interface KitPlaces {
  /** The project that runs the kit, and what its package.json says of it; absent where it says nothing. */
  readonly project: string
  readonly wanted: string | undefined
  /** Where the kit that runs is installed. */
  readonly kit: string
  /** Where the service will be. */
  readonly service: string
}

/**
 * What a service's package.json must say to get the kit that its project has: the same version or address, a file by the path from
 * the service's folder. Where the project says nothing it is the kit that runs, because no registry is known to have it.
 */
export function kitSource({ project, wanted, kit, service }: KitPlaces): string {
  const [, protocol, place] = /^(file|link):(.*)$/s.exec(wanted ?? '') ?? []
  if (protocol !== undefined && place !== undefined) return toFile(service, resolve(project, place))
  return wanted ?? toFile(service, kit)
}

function toFile(from: string, to: string): string {
  const path = relative(resolve(from), resolve(to)).replaceAll('\\', '/')
  return `file:${path === '' ? '.' : path}`
}

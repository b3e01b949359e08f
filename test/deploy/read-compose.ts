import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'

export const root = path.join(import.meta.dirname, '../..')

export interface HealthCheck {
  readonly test: readonly string[]
}

export interface ComposeService {
  readonly image?: string
  readonly build?: {
    readonly context: string
    readonly dockerfile: string
    readonly args?: Readonly<Record<string, string>>
  }
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly secrets?: readonly string[]
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>
  readonly healthcheck?: HealthCheck
  readonly read_only?: boolean
  readonly tmpfs?: readonly string[]
  readonly restart?: string
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly volumes: Readonly<Record<string, unknown>>
  readonly secrets: Readonly<Record<string, { readonly environment: string }>>
}

export const composeText = readFileSync(path.join(root, 'docker-compose.yml'), 'utf8')

/** The file as Compose reads it: anchors merged, and `${NAME:?…}` filled in. */
export function readCompose(text: string, secrets: (name: string) => string): ComposeFile {
  return parse(interpolate(text, secrets), { merge: true }) as ComposeFile
}

export function interpolate(text: string, secrets: (name: string) => string): string {
  return text.replaceAll(/\$\{(\w+)(?::\?[^}]*)?\}/g, (_all, name: string) => secrets(name))
}

/** The names that docker-compose.yml takes from the environment. */
export function listVariables(text: string): Set<string> {
  const { secrets } = readCompose(text, () => 'x')
  const named = Object.values(secrets).map(({ environment }) => environment)
  return new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name).concat(named))
}

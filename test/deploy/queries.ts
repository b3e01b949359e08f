import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { root } from './read-compose.ts'

const folder = path.join(root, 'deploy/grafana/dashboards')

/** The dashboards' files by their names. */
export function listDashboards(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((file) => [file, readFileSync(path.join(folder, file), 'utf8')]),
  )
}

interface Panel {
  readonly datasource?: { readonly type: string }
  readonly targets?: readonly { readonly expr: string }[]
}

/** Every query to Prometheus: of the dashboards, their variables and the alerts. */
export function listQueries(): string[] {
  const dashboards = Object.values(listDashboards()).map(
    (text) => JSON.parse(text) as { panels: Panel[]; templating: { list: { query: { query?: string } }[] } },
  )
  const panels = dashboards.flatMap((dashboard) => dashboard.panels)
  const asked = panels.filter(({ datasource }) => datasource?.type === 'prometheus')
  const variables = dashboards.flatMap(({ templating }) => templating.list.map(({ query }) => query.query))
  const { groups } = parse(readFileSync(path.join(root, 'deploy/prometheus/alerts.yml'), 'utf8')) as {
    groups: { rules: { expr: string }[] }[]
  }
  return [
    ...asked.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...variables.filter((query) => query !== undefined),
    ...groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
  ]
}

/** Labels that Prometheus adds by itself, or prometheus.yml does. */
const ADDED = ['job', 'instance', 'role', 'le']
const NAME = /\b(?:strangler|process|nodejs)_\w+/g

export interface KnownMetrics {
  /** The text of `/metrics`. */
  readonly scrape: string
  /** Undefined where only the name is known. */
  readonly labelsOf: (name: string) => readonly string[] | undefined
}

/** What a query names and no scrape has: `metric`, or `metric{label}`. */
export function findUnknownMetrics(query: string, { scrape, labelsOf }: KnownMetrics): string[] {
  const types = new Map([...scrape.matchAll(/^# TYPE (\w+) (\w+)/gm)].map(([, name, type]) => [name, type]))
  return [...new Set([...query.matchAll(NAME)].map(([name]) => name))].flatMap((name) => {
    const base = name.replace(/_(bucket|sum|count)$/, '')
    const known = types.has(name) ? name : types.get(base) === 'histogram' ? base : undefined
    if (known === undefined) return [name]
    const labels = labelsOf(known)
    if (labels === undefined) return []
    const used = listLabels(query, name)
    return used
      .filter((label) => !labels.includes(label) && !ADDED.includes(label))
      .map((label) => `${name}{${label}}`)
  })
}

/** The labels in the braces of a metric, and those that the query groups by. */
function listLabels(query: string, name: string): string[] {
  const braces = [...query.matchAll(new RegExp(`\\b${name}\\{([^}]*)\\}`, 'g'))].map(([, text = '']) => text)
  const matched = braces.flatMap((text) => [...text.matchAll(/(\w+)\s*(?:=~|!=|!~|=)/g)])
  const grouped = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, text = '']) => text.split(','))
  return [...matched.map(([, label = '']) => label), ...grouped.map((label) => label.trim())]
}

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Metric } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { LOG_FIELDS } from '../../scripts/reference/log-page.ts'
import { checkConfig } from '../../strangler/config/define-config.ts'
import { createMetrics } from '../../strangler/telemetry/metrics.ts'
import { findUnknownMetrics, listDashboards, listQueries } from './queries.ts'
import { composeText, readCompose, root } from './read-compose.ts'

const read = (file: string) => readFileSync(path.join(root, 'deploy', file), 'utf8')
const compose = readCompose(composeText, () => 'x')
const { registry } = createMetrics()
const scrape = await registry.metrics()
const kitPort = checkConfig({ sides: { monolith: 'http://127.0.0.1:1' } }).admin.port

describe('Grafana', () => {
  it('asks only for metrics and labels that there are', () => {
    const queries = listQueries()
    expect(queries.length).toBeGreaterThan(30)
    expect(queries.flatMap((query) => findUnknownMetrics(query, { scrape, labelsOf }))).toEqual([])
  })

  it('would be caught asking for others', () => {
    const find = (query: string) => findUnknownMetrics(query, { scrape, labelsOf })
    expect(find('sum(rate(strangler_request_total[5m]))')).toEqual(['strangler_request_total'])
    expect(find('strangler_requests_total{side="service"}')).toEqual(['strangler_requests_total{side}'])
    expect(find('sum by (le, targets) (rate(strangler_request_duration_seconds_bucket[5m]))')).toEqual([
      'strangler_request_duration_seconds_bucket{targets}',
    ])
  })

  it('shows every metric of the kit', () => {
    const queries = listQueries().join('\n')
    const own = [...scrape.matchAll(/^# TYPE (strangler_\w+)/gm)].map(([, name = '']) => name)
    expect(own.length).toBeGreaterThan(10)
    expect(own.filter((name) => !queries.includes(name))).toEqual([])
  })

  it('has the places and sources that its files name', () => {
    const { datasources } = parse(read('grafana/provisioning/datasources/datasources.yaml')) as {
      datasources: { uid: string; url: string }[]
    }
    for (const { url } of datasources) expect(Object.keys(compose.services)).toContain(new URL(url).hostname)
    const known = datasources.map(({ uid }) => uid)
    const dashboards = listDashboards()
    for (const text of Object.values(dashboards))
      for (const [, uid] of text.matchAll(/"uid": "(prometheus|loki)"/g)) expect(known).toContain(uid)
    const mounted = (compose.services['grafana']?.volumes ?? []).join(' ')
    const { providers } = parse(read('grafana/provisioning/dashboards/dashboards.yaml'))
    expect(mounted).toContain(`./deploy/grafana/dashboards:${providers[0].options.path}`)
    expect(compose.services['grafana']?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']).toBe(
      `${providers[0].options.path}/migration.json`,
    )
    expect(JSON.parse(dashboards['request.json'] ?? '').uid).toBe('strangler-request')
    expect(read('grafana/provisioning/datasources/datasources.yaml')).toContain('/d/strangler-request?')
  })
})

describe('Prometheus', () => {
  const config = parse(read('prometheus/prometheus.yml'))

  it('asks every process of the kit where its metrics are, with the token that they want', () => {
    const [job] = config.scrape_configs
    const targets = job.static_configs.flatMap(({ targets }: { targets: string[] }) => targets)
    const kit = Object.entries(compose.services).filter(([, { build }]) =>
      build?.dockerfile.startsWith('strangler/'),
    )
    expect([...targets].sort()).toEqual(kit.map(([name]) => `${name}:${kitPort}`).sort())
    expect(job.metrics_path ?? '/metrics').toBe('/metrics')
    const file = path.basename(job.authorization.credentials_file)
    expect(compose.services['prometheus']?.secrets).toContain(file)
  })

  it('has the rules that it names', () => {
    expect(config.rule_files).toEqual(readdirSync(path.join(root, 'deploy/prometheus')).filter(isRules))
  })
})

const isRules = (file: string) => file !== 'prometheus.yml'

describe('the collector', () => {
  const alloy = read('alloy/config.alloy')

  it('takes the ids out of fields that the access log has', () => {
    const taken = [...alloy.matchAll(/^\s+(\w+_id)\s+= "(\w+)"/gm)]
    expect(taken.length).toBe(2)
    for (const [, , field = ''] of taken) expect(Object.keys(LOG_FIELDS)).toContain(field)
    const request = listDashboards()['request.json'] ?? ''
    expect(request).toContain('correlation_id = \\"$correlation_id\\"')
  })

  it('reads the containers of this project and hands on to a Loki that listens there', () => {
    expect(alloy).toContain(`com.docker.compose.project=${parse(composeText, { merge: true }).name}`)
    const loki = parse(read('loki/loki.yaml'))
    expect(alloy).toContain(`http://loki:${loki.server.http_listen_port}/loki/api/v1/push`)
    expect(loki.limits_config.allow_structured_metadata).toBe(true)
  })
})

function labelsOf(name: string): readonly string[] | undefined {
  const metric = registry.getSingleMetric(name) as (Metric & { labelNames?: string[] }) | undefined
  return metric?.labelNames
}

import { execFileSync, spawnSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { composeText, listVariables, readCompose, root } from './read-compose.ts'
import composeSchema from './schemas/compose-spec.json' with { type: 'json' }

const compose = readCompose(composeText, (name) => `secret-of-${name.toLowerCase()}`)
const services = Object.entries(compose.services)

const { $schema: _, $id: __, ...schema } = composeSchema
const isCompose = new Ajv({ strict: false, validateFormats: false }).compile(schema)

describe('docker-compose.yml', () => {
  it('is what the Compose Specification allows', () => {
    expect({ valid: isCompose(compose), errors: isCompose.errors }).toEqual({ valid: true, errors: null })
  })

  it.each([
    ['a key that there is not', (text: string) => text.replace('restart: unless-stopped', 'restarts: never')],
    ['a port that is none', (text: string) => text.replace('["127.0.0.1:8080:8080"]', '[{ published: [] }]')],
    [
      'a health check without a command',
      (text: string) => text.replace(/test: \[CMD, wget[^\]]*\]/, 'test: 7'),
    ],
  ])('would be refused with %s', (_what, spoil) => {
    expect(spoil(composeText)).not.toBe(composeText)
    expect(isCompose(parse(spoil(composeText), { merge: true }))).toBe(false)
  })

  it('has everything that the sample needs, and two proxies behind one address', () => {
    const names = services.map(([name]) => name)
    for (const name of ['postgres', 'redis', 'monolith', 'inventory', 'orders', 'sync', 'admin'])
      expect(names).toContain(name)
    for (const name of ['proxy-1', 'proxy-2', 'balancer', 'prometheus', 'grafana', 'loki', 'collector'])
      expect(names).toContain(name)
  })

  it('publishes on this machine’s loopback address only', () => {
    const published = services.flatMap(([, { ports = [] }]) => ports)
    expect(published.length).toBeGreaterThan(3)
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
    expect(new Set(published.map((port) => port.split(':')[1])).size).toBe(published.length)
  })

  it('names every volume, secret, service and folder that it uses', () => {
    for (const [name, service] of services) {
      for (const secret of service.secrets ?? []) expect(Object.keys(compose.secrets)).toContain(secret)
      const needed = service.depends_on ?? []
      for (const other of Array.isArray(needed) ? needed : Object.keys(needed))
        expect(Object.keys(compose.services), name).toContain(other)
      for (const volume of service.volumes ?? []) {
        const [source = ''] = volume.split(':')
        if (source.startsWith('/')) expect(source).toBe('/var/run/docker.sock')
        else if (source.startsWith('.')) execFileSync('test', ['-e', path.join(root, source)])
        else expect(Object.keys(compose.volumes), name).toContain(source)
      }
    }
  })

  it('fixes the version of every image that it does not build', () => {
    const images = services.filter(([, { build }]) => build === undefined).map(([, { image = '' }]) => image)
    for (const image of images) expect(image).toMatch(/^[\w./-]+:v?\d[\w.-]*$/)
  })

  it('runs what it builds without a writable disk, and lets Redis forget nothing', () => {
    const own = services.filter(([, { build }]) => build !== undefined)
    expect(own.map(([, { read_only }]) => read_only)).toEqual(own.map(() => true))
    const command = compose.services['redis']?.command?.join(' ')
    expect(command).toContain('--appendonly yes')
    expect(command).toContain('--maxmemory-policy noeviction')
  })
})

describe('the secrets', () => {
  it('are none of them in the repository', () => {
    const { environment = {} } = compose.services['monolith'] ?? {}
    expect(environment['WEBHOOK_SECRET']).toBe('secret-of-webhook_secret')
    const literal = services.flatMap(([name, { environment: own = {} }]) =>
      Object.entries(own)
        .filter(
          ([key, value]) => /PASSWORD|SECRET|TOKEN/.test(key) && !String(value).startsWith('/run/secrets/'),
        )
        .filter(([, value]) => !String(value).includes('secret-of-'))
        .map(([key]) => `${name}.${key}`),
    )
    expect(literal).toEqual([])
    expect(composeText).not.toMatch(/:\/\/\w+:(?!\$\{)[^@\s/]+@/)
  })

  it('are no files in what is read-only: Compose does not start such a container (docker/compose#12031)', () => {
    const findRefused = (of: typeof compose) =>
      Object.entries(of.services)
        .filter(([, { read_only, secrets = [] }]) => read_only === true && secrets.length > 0)
        .map(([name]) => name)
    expect(findRefused(compose)).toEqual([])
    const { admin } = compose.services
    const wrong = { ...compose, services: { admin: { ...admin, secrets: ['operator_token'] } } }
    expect(findRefused(wrong)).toEqual(['admin'])
  })

  it('are written once, each of them, for their owner only, by make-secrets.sh', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'strangler-secrets-'))
    try {
      await mkdir(path.join(folder, 'deploy'))
      const script = path.join(folder, 'deploy/make-secrets.sh')
      await copyFile(path.join(root, 'deploy/make-secrets.sh'), script)
      const make = () => spawnSync('sh', [script], { encoding: 'utf8' })
      expect(make().status).toBe(0)
      const file = path.join(folder, '.env')
      const written = await readFile(file, 'utf8')
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      const secrets = new Map(
        written
          .trimEnd()
          .split('\n')
          .map((line) => line.split('=') as [string, string]),
      )
      expect(new Set(secrets.keys())).toEqual(listVariables(composeText))
      expect(new Set(secrets.values()).size).toBe(secrets.size)
      for (const value of secrets.values()) expect(value).toMatch(/^[0-9a-f]{48}$/)
      expect(make().status).toBe(0)
      expect(await readFile(file, 'utf8')).toBe(written)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

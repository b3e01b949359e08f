import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Deployment } from 'kubernetes-models/apps/v1'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { ConfigMap, Namespace, Service } from 'kubernetes-models/v1'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { createProgram } from '../../strangler/cli/main.ts'
import { loadConfig } from '../../strangler/config/load-config.ts'
import { findAdminPaths } from './admin-paths.ts'
import { readKitVariables } from './kit-variables.ts'
import { root } from './read-compose.ts'
import { commandOf, readStages, valuesOf } from './read-dockerfile.ts'

const folder = path.join(root, 'deploy/kubernetes')
const MODELS = { Deployment, NetworkPolicy, PodDisruptionBudget, ConfigMap, Namespace, Service }

interface Manifest {
  readonly apiVersion: string
  readonly kind: keyof typeof MODELS
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly spec?: { readonly selector?: Record<string, unknown> }
  readonly data?: Record<string, string>
}

const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml'))
const manifests: Manifest[] = []
for (const file of files) {
  const text = await readFile(path.join(folder, file), 'utf8')
  for (const document of parseAllDocuments(text)) manifests.push(document.toJS() as Manifest)
}
const deployments = manifests.filter(({ kind }) => kind === 'Deployment') as unknown as DeploymentManifest[]

/** Throws with what the schema of its kind does not allow. */
function validate(manifest: Manifest): void {
  const Model = MODELS[manifest.kind] as unknown as new (data: unknown) => { validate(): void }
  new Model(manifest).validate()
}

describe('the manifests', () => {
  it.each(manifests.map((manifest) => [manifest.kind, manifest.metadata.name, manifest] as const))(
    '%s %s is what the schema of Kubernetes allows',
    (_kind, _name, manifest) => expect(() => validate(manifest)).not.toThrow(),
  )

  it('would be refused with a number that is a text, or without what is required', () => {
    const [first] = structuredClone(deployments) as unknown as (Manifest & {
      spec: Record<string, unknown>
    })[]
    expect(() => validate({ ...first!, spec: { ...first!.spec, replicas: 'two' } as never })).toThrow()
    expect(() => validate({ ...first!, spec: { replicas: 2 } as never })).toThrow()
  })

  it('hold proxies with a disruption budget, one sync and an admin', () => {
    const named = Object.fromEntries(deployments.map((one) => [one.metadata.name, one.spec.replicas]))
    expect(named).toEqual({ 'strangler-proxy': 2, 'strangler-sync': 1, 'strangler-admin': 1 })
    const budget = manifests.find(({ kind }) => kind === 'PodDisruptionBudget')
    expect(budget?.spec?.selector).toEqual({ matchLabels: labelsOf('strangler-proxy') })
  })

  it('send the traffic of each Service to the pods of a Deployment that has such a port', () => {
    const services = manifests.filter(({ kind }) => kind === 'Service') as unknown as ServiceManifest[]
    expect(services).toHaveLength(2)
    for (const { spec } of services) {
      const chosen = deployments.find((one) => sameLabels(one.spec.selector.matchLabels, spec.selector))
      const ports = chosen?.spec.template.spec.containers[0]?.ports.map(({ name }) => name)
      for (const { targetPort } of spec.ports) expect(ports).toContain(targetPort)
    }
  })

  it('have no secret in them', () => {
    expect(manifests.map(({ kind }) => kind)).not.toContain('Secret')
    expect(JSON.stringify(manifests)).not.toMatch(/:\/\/\w+:[^@"]+@/)
  })
})

describe.each(deployments.map((one) => [one.metadata.name, one] as const))('%s', (_name, deployment) => {
  const { spec } = deployment.spec.template
  const container = spec.containers[0]!
  const last = readStages('strangler/Dockerfile').at(-1)!

  it('gives the kit a command line that it understands', () => {
    const silent = { columns: 100, isTTY: false, write: () => true }
    const program = createProgram({ stdout: silent, stderr: silent, env: {} })
    for (const inner of program.commands) inner.action(() => undefined)
    expect(() => program.parse([...container.args], { from: 'user' })).not.toThrow()
    expect(commandOf(last, 'ENTRYPOINT')).toEqual(['node_modules/.bin/strangler'])
  })

  it('sets variables that the kit or its configuration reads, and mounts what they name', () => {
    const configuration =
      manifests.find(({ kind }) => kind === 'ConfigMap')?.data?.['strangler.config.ts'] ?? ''
    const inArguments = container.args.join(' ')
    for (const { name, value } of container.env) {
      const isRead = readKitVariables().includes(name) || configuration.includes(`'${name}'`)
      expect(isRead || inArguments.includes(`$(${name})`), name).toBe(true)
      if (name.endsWith('_FILE')) expect(value).toMatch(/^\/run\/secrets\/strangler\/[a-z-]+$/)
    }
    const mounts = container.volumeMounts.map(({ name }) => name)
    expect(spec.volumes.map(({ name }) => name).sort()).toEqual([...mounts].sort())
  })

  it('asks for its health at addresses that the admin API has, on a port that the image exposes', () => {
    const ports = new Map(container.ports.map(({ name, containerPort }) => [name, containerPort]))
    const probes = [container.livenessProbe, container.readinessProbe, container.startupProbe]
    for (const { httpGet } of probes) {
      expect(findAdminPaths()).toContain(httpGet.path)
      expect(valuesOf(last, 'EXPOSE').join(' ')).toContain(String(ports.get(httpGet.port)))
    }
  })

  it('runs without rights, and longer than requests in flight may take', () => {
    expect(spec.securityContext.runAsNonRoot).toBe(true)
    expect(container.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(30 + 5)
  })
})

it('the configuration in the ConfigMap is one that the kit takes', async () => {
  const place = await mkdtemp(path.join(tmpdir(), 'strangler-kubernetes-'))
  try {
    await mkdir(path.join(place, 'node_modules'))
    await symlink(root, path.join(place, 'node_modules/strangler-kit'))
    const text = manifests.find(({ kind }) => kind === 'ConfigMap')?.data?.['strangler.config.ts'] ?? ''
    const file = path.join(place, 'strangler.config.ts')
    await writeFile(file, text)
    const { config } = await loadConfig(file)
    expect(config.proxy).toMatchObject({ host: '0.0.0.0', port: 8080 })
    expect(config.admin).toEqual({ host: '0.0.0.0', port: 8081 })
    await writeFile(path.join(place, 'wrong.config.ts'), text.replace('unit:', 'units:'))
    await expect(loadConfig(path.join(place, 'wrong.config.ts'))).rejects.toThrow('units')
  } finally {
    await rm(place, { recursive: true, force: true })
  }
})

interface DeploymentManifest {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly replicas: number
    readonly selector: { readonly matchLabels: Record<string, string> }
    readonly template: { readonly spec: PodSpec }
  }
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number
  readonly securityContext: { readonly runAsNonRoot: boolean }
  readonly volumes: readonly { readonly name: string }[]
  readonly containers: readonly {
    readonly args: readonly string[]
    readonly env: readonly { readonly name: string; readonly value?: string }[]
    readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
    readonly volumeMounts: readonly { readonly name: string }[]
    readonly securityContext: object
    readonly livenessProbe: Probe
    readonly readinessProbe: Probe
    readonly startupProbe: Probe
  }[]
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

interface ServiceManifest {
  readonly spec: {
    readonly selector: Record<string, string>
    readonly ports: readonly { readonly targetPort: string }[]
  }
}

const labelsOf = (name: string) =>
  deployments.find(({ metadata }) => metadata.name === name)?.spec.selector.matchLabels
const sameLabels = (one: object, other: object) => JSON.stringify(one) === JSON.stringify(other)

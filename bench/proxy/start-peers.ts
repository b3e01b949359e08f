import { randomBytes } from 'node:crypto'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../strangler/infra/embedded-postgres.ts'
import { type RunningProcess, startProcess } from '../processes/start-process.ts'
import type { KitSpec } from './peers/kit.ts'
import { startNginx } from './peers/nginx.ts'

/** Nice values. */
const LOWEST_PRIORITY = 19

/** What is loaded. `upstream` itself is one of them, for what a request costs without a proxy. */
export type PeerName =
  | 'upstream'
  | 'kit'
  | 'kitWithoutLog'
  | 'kitShadowing'
  | 'kitShadowingAll'
  | 'fastifyHttpProxy'
  | 'expressHpm'
  | 'nginx'

export interface Peer {
  readonly name: PeerName
  readonly url: string
  readonly pid: number
  /** Of the kit's: where its metrics are. */
  readonly adminUrl?: string | undefined
}

/** Everything that runs while the benchmark does; `stop` ends it, the last first. */
export interface Stand {
  readonly directory: string
  /** The same for all proxies of the kit, so that one admin API can speak for them. */
  readonly token: string
  readonly releases: (() => Promise<void>)[]
}

/** Starts the upstream and one process of each proxy in front of it. */
export async function startPeers(stand: Stand, controlUrl: string): Promise<Peer[]> {
  const start = async (name: PeerName, program: string, spec: object, env = {}) => {
    const outputFile = join(stand.directory, `${name}.log`)
    const started = await startProcess({ program: `../proxy/peers/${program}`, spec, outputFile, env })
    return keep(stand, name, started)
  }
  const upstream = await start('upstream', 'upstream.ts', {})
  const spec: KitSpec = {
    upstream: upstream.url,
    controlUrl,
    directory: join(stand.directory, 'kit'),
    name: 'bench',
    debugHeaders: false,
    accessLog: true,
  }
  const kit = await start('kit', 'kit.ts', spec, kitEnvironment(stand))
  const silent: KitSpec = { ...spec, name: 'bench-without-log', accessLog: false }
  const kitWithoutLog = await start('kitWithoutLog', 'kit.ts', silent, kitEnvironment(stand))
  const shadows = {
    sound: await startShadowed(stand, 'upstream.ts'),
    faulty: await startShadowed(stand, 'faulty.ts'),
  }
  const shadowing: KitSpec = { ...silent, name: 'bench-shadowing', shadows }
  const kitShadowing = await start('kitShadowing', 'kit.ts', shadowing, kitEnvironment(stand))
  const all: KitSpec = { ...shadowing, name: 'bench-shadowing-all', giveWay: false }
  const kitShadowingAll = await start('kitShadowingAll', 'kit.ts', all, kitEnvironment(stand))
  const fastify = await start('fastifyHttpProxy', 'fastify-http-proxy.ts', { upstream: upstream.url })
  const express = await start('expressHpm', 'express-hpm.ts', { upstream: upstream.url })
  const nginx = await startNginx(upstream.url, join(stand.directory, 'nginx'))
  const others = nginx === undefined ? [] : [keep(stand, 'nginx', nginx)]
  return [upstream, kit, kitWithoutLog, kitShadowing, kitShadowingAll, fastify, express, ...others]
}

/** A side that is only shadowed. It stands for another machine, so what it works for must take nothing from this one's proxies. */
async function startShadowed(stand: Stand, program: string): Promise<string> {
  const { pid, url, stop } = await startProcess({ program: `../proxy/peers/${program}`, spec: {} })
  stand.releases.push(stop)
  setPriority(pid, LOWEST_PRIORITY)
  return url
}

/** One more process of the kit, for the toggles. */
export async function startKitProxy(stand: Stand, spec: KitSpec): Promise<RunningProcess> {
  const outputFile = join(stand.directory, `${spec.name}.log`)
  const started = await startProcess({
    program: '../proxy/peers/kit.ts',
    spec,
    outputFile,
    env: kitEnvironment(stand),
  })
  stand.releases.push(started.stop)
  return started
}

export async function startControlDatabase(stand: Stand): Promise<EmbeddedPostgres> {
  const control = await startEmbeddedPostgres({ directory: join(stand.directory, 'control') })
  stand.releases.push(() => control.stop())
  return control
}

export function makeToken(): string {
  return randomBytes(24).toString('base64url')
}

/** No queue is used here, so no Redis is launched; the rest is as it comes. */
function kitEnvironment({ token }: Stand): Record<string, string> {
  return { STRANGLER_NO_REDIS: '1', STRANGLER_OPERATOR_TOKEN: token }
}

function keep(stand: Stand, name: PeerName, { url, pid, ready, stop }: RunningProcess): Peer {
  stand.releases.push(stop)
  return { name, url, pid, adminUrl: ready.adminUrl }
}

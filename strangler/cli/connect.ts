import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { type AdminClient, createAdminClient } from '../admin/admin-client.ts'
import { findToken, tokensPath } from '../admin/tokens.ts'
import { loadConfig } from '../config/load-config.ts'
import { StranglerError } from '../core/errors.ts'
import type { Terminal } from './terminal.ts'

export interface ConnectOptions {
  readonly adminUrl?: string
  readonly directory?: string
}

const DEFAULT_DIRECTORY = '.strangler'
const DEFAULT_URL = 'http://127.0.0.1:8081'
const adminPlace = z.object({ url: z.url() })

/** A client of the admin API that runs on this machine, or wherever the options or the environment say. */
export async function connectAdmin(options: ConnectOptions, { env }: Terminal): Promise<AdminClient> {
  const directory = await findDirectory(options, env)
  const url = options.adminUrl ?? env['STRANGLER_ADMIN_URL'] ?? (await readAdminUrl(directory)) ?? DEFAULT_URL
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new StranglerError('STRANGLER_INVALID_COMMAND', `"${url}" is not the address of an admin API.`, {
      fix: 'Write it like http://127.0.0.1:8081.',
    })
  }
  const place = resolve(directory)
  const found = await findToken(place, env)
  const origin =
    found === undefined
      ? `STRANGLER_TOKEN is not set, and ${tokensPath(place)} is not there.`
      : `The token came from ${found.source}.`
  return createAdminClient({
    url,
    token: found?.token,
    unauthorizedFix: `${origin} Run the command in the folder of the kit at ${url}, name its \`.strangler\` with --directory, or set STRANGLER_TOKEN.`,
  })
}

async function findDirectory({ directory }: ConnectOptions, env: Terminal['env']): Promise<string> {
  const named = directory ?? env['STRANGLER_DIRECTORY']
  if (named !== undefined) return named
  if (existsSync(join(DEFAULT_DIRECTORY, 'admin.json'))) return DEFAULT_DIRECTORY
  try {
    return (await loadConfig()).config.directory
  } catch (error) {
    // No configuration here, or a broken one: neither must keep anybody from flipping a route back.
    if (error instanceof StranglerError) return DEFAULT_DIRECTORY
    throw error
  }
}

async function readAdminUrl(directory: string): Promise<string | undefined> {
  const path = join(directory, 'admin.json')
  if (!existsSync(path)) return undefined
  try {
    return adminPlace.parse(JSON.parse(await readFile(path, 'utf8'))).url
  } catch (error) {
    throw new StranglerError('STRANGLER_ADMIN_UNREACHABLE', `${path} does not say where the admin API is.`, {
      fix: 'Restart `strangler start`, or name the address with --admin-url.',
      cause: error,
    })
  }
}

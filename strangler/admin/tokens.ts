import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { StranglerError } from '../core/errors.ts'
import { placeFile } from '../infra/place-file.ts'
import { readSecret } from '../infra/read-secret.ts'

/** `viewer` may look, `operator` may change, `worker` may ask who owns and tell of itself; without one no worker may. */
export interface AdminTokens {
  readonly operator: string
  readonly viewer: string
  readonly worker?: string
}

/** A token, and the variable or the file that it comes from. */
export interface FoundToken {
  readonly token: string
  readonly source: string
}

const ENVIRONMENT_NAMES = ['STRANGLER_TOKEN', 'STRANGLER_OPERATOR_TOKEN', 'STRANGLER_VIEWER_TOKEN']

type Environment = Readonly<Record<string, string | undefined>>

const SHORTEST_TOKEN = 16
const fileContent = z.object({
  operator: z.string().min(SHORTEST_TOKEN),
  viewer: z.string().min(SHORTEST_TOKEN),
  /** Files from before there were workers have none. */
  worker: z.string().min(SHORTEST_TOKEN).exactOptional(),
})

/**
 * The tokens of the admin API: STRANGLER_OPERATOR_TOKEN, STRANGLER_VIEWER_TOKEN and STRANGLER_WORKER_TOKEN (or the files that
 * STRANGLER_OPERATOR_TOKEN_FILE and so on name), each else from `<directory>/tokens.json`, which is made once with random ones. Several processes may ask at once and get the same.
 * @throws StranglerError STRANGLER_CONFIG_INVALID for a token shorter than 16 characters, two equal ones, or a broken file
 */
export async function loadTokens(directory: string, env: Environment): Promise<AdminTokens> {
  const operator = fromEnvironment(env, 'STRANGLER_OPERATOR_TOKEN')
  const viewer = fromEnvironment(env, 'STRANGLER_VIEWER_TOKEN')
  const worker = fromEnvironment(env, 'STRANGLER_WORKER_TOKEN')
  const tokens = {
    ...(operator !== undefined && viewer !== undefined
      ? { operator, viewer }
      : {
          ...(await readOrMakeFile(directory)),
          ...(operator && { operator }),
          ...(viewer && { viewer }),
        }),
    ...(worker && { worker }),
  }
  refuseEqual(tokens)
  return tokens
}

function refuseEqual({ operator, viewer, worker }: AdminTokens): void {
  const equal = operator === viewer ? 'viewer' : operator === worker ? 'worker' : undefined
  if (equal === undefined) return
  throw new StranglerError(
    'STRANGLER_CONFIG_INVALID',
    `The operator token and the ${equal} token are equal, so every ${equal} could change the routes.`,
    {
      fix: `Give STRANGLER_OPERATOR_TOKEN and STRANGLER_${equal.toUpperCase()}_TOKEN different values.`,
    },
  )
}

/** The token that a command on this machine uses: the environment's, else the operator's from the file, if it may be read. */
export async function findToken(directory: string, env: Environment): Promise<FoundToken | undefined> {
  for (const name of ENVIRONMENT_NAMES) {
    const token = readSecret(env, name)
    if (token !== undefined) return { token, source: name }
  }
  const path = tokensPath(directory)
  const kept = await readFileIfPresent(path)
  return kept && { token: kept.operator, source: path }
}

export function tokensPath(directory: string): string {
  return join(directory, 'tokens.json')
}

function fromEnvironment(env: Environment, name: string): string | undefined {
  const token = readSecret(env, name)
  if (token === undefined) return undefined
  if (token.length >= SHORTEST_TOKEN && /^[\x21-\x7e]+$/.test(token)) return token
  throw new StranglerError(
    'STRANGLER_CONFIG_INVALID',
    `${name} has ${token.length} characters, or some that a header cannot carry; a token that can be guessed protects nothing.`,
    {
      fix: `Give it at least ${SHORTEST_TOKEN} visible ASCII characters, e.g. from \`openssl rand -hex 32\`.`,
    },
  )
}

async function readOrMakeFile(directory: string): Promise<AdminTokens> {
  const path = tokensPath(directory)
  const present = await readFileIfPresent(path)
  if (present !== undefined) {
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600)
    return present
  }
  await mkdir(directory, { recursive: true })
  const made = {
    operator: randomBytes(32).toString('base64url'),
    viewer: randomBytes(32).toString('base64url'),
    worker: randomBytes(32).toString('base64url'),
  }
  return (await placeFile(path, `${JSON.stringify(made, undefined, 2)}\n`)) ? made : readOrMakeFile(directory)
}

async function readFileIfPresent(path: string): Promise<AdminTokens | undefined> {
  try {
    return fileContent.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    // The cause may quote the file, and the file is all secrets.
    const why = (error as NodeJS.ErrnoException).code ?? 'it does not hold two tokens'
    throw new StranglerError('STRANGLER_CONFIG_INVALID', `${path} cannot be used (${why}).`, {
      fix: 'Make it readable for this user, or delete it and restart: new tokens are made.',
    })
  }
}

import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { StranglerError } from '../core/errors.ts'
import { checkConfig } from './define-config.ts'
import type { Config } from './schema.ts'

/** A checked configuration and where it came from. */
export interface LoadedConfig {
  readonly config: Config
  readonly file: string
}

const NAMES = ['strangler.config.ts', 'strangler.config.mts', 'strangler.config.js', 'strangler.config.mjs']

/**
 * Loads the configuration file and checks it. `directory` inside it is resolved against the file's folder.
 * @param file a path, or nothing: then the usual names are looked for in the working directory
 * @throws StranglerError STRANGLER_CONFIG_NOT_FOUND, STRANGLER_CONFIG_INVALID
 */
export async function loadConfig(file?: string): Promise<LoadedConfig> {
  const found = findConfig(file)
  const input = await importDefault(found)
  const config = checkConfig(input, path.basename(found))
  return {
    config: { ...config, directory: path.resolve(path.dirname(found), config.directory) },
    file: found,
  }
}

function findConfig(file: string | undefined): string {
  const candidates = (file === undefined ? NAMES : [file]).map((name) => path.resolve(name))
  const found = candidates.find((candidate) => existsSync(candidate))
  if (found !== undefined) return found
  throw new StranglerError(
    'STRANGLER_CONFIG_NOT_FOUND',
    `${file === undefined ? `None of ${NAMES.join(', ')} is in the working directory` : `There is no file "${file}"`}, so it is not known where the monolith is.`,
    {
      fix: '`strangler init` writes one; or name it: `--config path/to/strangler.config.ts`.',
    },
  )
}

async function importDefault(file: string): Promise<unknown> {
  const release = readAsModule(file)
  try {
    const module: { default?: unknown } = await import(pathToFileURL(file).href)
    if (module.default !== undefined) return module.default
  } catch (error) {
    const found = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    throw new StranglerError(
      'STRANGLER_CONFIG_INVALID',
      `${path.basename(file)} cannot be loaded: ${found}.`,
      {
        fix: 'Run it by itself to see the whole error: `node strangler.config.ts`.',
        cause: error,
      },
    )
  } finally {
    release()
  }
  throw new StranglerError('STRANGLER_CONFIG_INVALID', `${path.basename(file)} has no default export.`, {
    fix: 'End it with `export default defineConfig({ … })`.',
  })
}

/** `npm init` writes `"type": "commonjs"`, and Node then takes the `import` of a .ts or .js file for a mistake; a configuration is a module. */
function readAsModule(file: string): () => void {
  const { href } = pathToFileURL(file)
  const format = { '.ts': 'module-typescript', '.js': 'module' }[path.extname(file)]
  if (format === undefined) return () => undefined
  const hooks = registerHooks({
    load: (url, context, nextLoad) => nextLoad(url, url === href ? { ...context, format } : context),
  })
  return () => hooks.deregister()
}

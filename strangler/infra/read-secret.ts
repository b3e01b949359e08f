import { readFileSync } from 'node:fs'
import { StranglerError } from '../core/errors.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * A secret from the environment: the variable itself, or the file that `<name>_FILE` names, as Docker and Kubernetes mount them. The
 * variable stands before the file; what is empty counts as absent.
 * @throws StranglerError STRANGLER_CONFIG_INVALID for a file that cannot be read, never with what is in it
 */
export function readSecret(env: Environment, name: string): string | undefined {
  const given = env[name]
  if (given !== undefined && given !== '') return given
  const file = env[`${name}_FILE`]
  if (file === undefined || file === '') return undefined
  try {
    // Editors end a file with a line feed, and no secret has one.
    return readFileSync(file, 'utf8').trim() || undefined
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'it cannot be read'
    throw new StranglerError(
      'STRANGLER_CONFIG_INVALID',
      `${name}_FILE is ${file}, and there is no secret to be had from it (${why}).`,
      {
        fix: `Mount the file so that this user may read it, or set ${name} itself.`,
      },
    )
  }
}

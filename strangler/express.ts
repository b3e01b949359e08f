import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkConfig } from './config/define-config.ts'
import type { ConfigInput } from './config/schema.ts'
import { StranglerError } from './core/errors.ts'
import type { Stoppable } from './core/ports.ts'
import { startKit } from './kit.ts'
import type { KitOptions } from './kit-options.ts'

/** The kit inside an Express app. There the target `monolith` means `next()`. */
export interface EmbeddedStrangler extends Stoppable {
  /** Mount it before body parsers: `app.use(strangler.middleware)`. What they have read, a service would never get. */
  readonly middleware: (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void
  /** Where the admin API listens. */
  readonly adminUrl: string | undefined
}

/**
 * Starts the kit for an Express app: it follows the journal and offers the admin API, but listens on no port for traffic.
 * `sides.monolith` is the app's own address; it is not called for ordinary requests.
 * @throws StranglerError as `startKit` does
 */
export async function createStrangler(
  config: ConfigInput,
  options: Omit<KitOptions, 'role' | 'workers' | 'embedded' | 'proxyPort'> = {},
): Promise<EmbeddedStrangler> {
  const kit = await startKit(checkConfig(config), { ...options, embedded: true })
  const { handle } = kit
  if (handle === undefined)
    throw new StranglerError('STRANGLER_INTERNAL', 'The kit was started without a proxy.')
  return {
    middleware: (req, res, next) => handle(req, res, next),
    adminUrl: kit.adminUrl,
    stop: () => kit.stop(),
  }
}

/** The public surface of the kit. Everything else is internal. */
export { checkConfig, defineConfig } from './config/define-config.ts'
export { loadConfig } from './config/load-config.ts'
export type { Config, ConfigInput } from './config/schema.ts'
export { describeError, type ErrorCode, StranglerError } from './core/errors.ts'
export { type Kit, type KitOptions, startKit } from './kit.ts'

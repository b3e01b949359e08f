import { z } from 'zod'
import { configSchema, DECIDED_BY_KIT } from '../../strangler/config/schema.ts'
import { CONFIG_KEYS } from './config-keys.ts'
import { type JsonSchema, showShape } from './show-shape.ts'

/** One key of the configuration that a value can be given to. */
export interface ConfigKey {
  readonly key: string
  readonly type: string
  readonly fallback: string
}

/** Every key of the schema, e.g. `capabilities.<name>.endpoints[].mode`. */
export function listConfigKeys(schema: z.ZodType = configSchema): ConfigKey[] {
  return walk(z.toJSONSchema(schema, { unrepresentable: 'any' }) as JsonSchema, '', true)
}

function walk(schema: JsonSchema, key: string, required: boolean): ConfigKey[] {
  const at = (name: string) => (key === '' ? name : `${key}.${name}`)
  if (schema.properties !== undefined && !isOneValue(schema, required)) {
    return Object.entries(schema.properties).flatMap(([name, inner]) =>
      walk(inner, at(name), schema.required?.includes(name) === true),
    )
  }
  if (schema.type === 'object' && isObject(schema.additionalProperties))
    return walk(schema.additionalProperties, at('<name>'), true)
  if (isObject(schema.items)) return walk(schema.items, `${key}[]`, true)
  return [{ key, type: showType(schema), fallback: showFallback(schema, required) }]
}

function isObject(schema: JsonSchema | boolean | undefined): schema is JsonSchema {
  return (
    typeof schema === 'object' &&
    (schema.properties ?? schema.additionalProperties) !== undefined &&
    !isAny(schema)
  )
}

/** `Record<string, unknown>`: nothing to walk into. */
function isAny({ properties, additionalProperties }: JsonSchema): boolean {
  return properties === undefined && JSON.stringify(additionalProperties) === '{}'
}

/** An optional object whose parts are all required is written as one value: `{ from: '/a', to: '/b' }`. */
function isOneValue({ properties = {}, required = [], ...rest }: JsonSchema, isRequired: boolean): boolean {
  return (
    !isRequired &&
    rest.default === undefined &&
    Object.keys(properties).every((name) => required.includes(name))
  )
}

function showType(schema: JsonSchema): string {
  const shape = showShape(schema)
  const { minimum, maximum } = schema
  return minimum === undefined || maximum === undefined ? shape : `${shape}, ${minimum}–${maximum}`
}

function showFallback(schema: JsonSchema, required: boolean): string {
  if (schema.default !== undefined) return `\`${JSON.stringify(schema.default)}\``
  return required ? 'required' : '–'
}

/**
 * docs/reference/config.md.
 * @throws Error when the schema and the meanings do not have the same keys
 */
export function writeConfigPage(keys: readonly ConfigKey[] = listConfigKeys()): string {
  const unexplained = keys.filter(({ key }) => CONFIG_KEYS[key] === undefined).map(({ key }) => key)
  const unknown = Object.keys(CONFIG_KEYS).filter((explained) => !keys.some(({ key }) => key === explained))
  if (unexplained.length + unknown.length > 0) {
    throw new Error(
      `scripts/reference/config-keys.ts lacks ${unexplained.join(', ') || 'nothing'}, and explains ${unknown.join(', ') || 'nothing'} that the schema does not have`,
    )
  }
  return `${HEAD}\n${keys.map(writeRow).join('\n')}\n${FOOT}`
}

function writeRow({ key, type, fallback }: ConfigKey): string {
  return `| \`${key}\` | \`${type.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')}\` | ${fallback} | ${CONFIG_KEYS[key]} |`
}

const HEAD = `# Configuration

\`strangler.config.ts\` (or \`.mts\`, \`.js\`, \`.mjs\`) exports one object by default. \`defineConfig\` of \`strangler-kit\` gives it its type; the
kit checks it when it starts, and refuses a key that it does not know. \`<name>\` stands for a name of your own, \`[]\` for every entry of
a list. Times are milliseconds.

| key | type | default | meaning |
|---|---|---|---|`

const FOOT = `
## Deadlines

The nearest one counts: the endpoint's, else the side's, else the proxy's, each key by itself.

## Options of http-proxy-middleware

These are refused, because the kit decides them: ${DECIDED_BY_KIT.map((option) => `\`${option}\``).join(', ')}.

## Environment

| variable | meaning |
|---|---|
| \`STRANGLER_CONTROL_URL\` | the control database, where \`control.url\` is not set |
| \`REDIS_URL\` | Redis, where \`redis.url\` is not set; \`STRANGLER_NO_REDIS=1\` means none |
| \`STRANGLER_OPERATOR_TOKEN\`, \`STRANGLER_VIEWER_TOKEN\` | the tokens of the admin API, 16 characters or more; else those in \`tokens.json\` |
| \`STRANGLER_TOKEN\` | the token that the command line sends |
| \`STRANGLER_ADMIN_URL\` | where the command line finds the admin API |
| \`STRANGLER_DIRECTORY\` | where the command line finds \`admin.json\` and \`tokens.json\` |
| \`STRANGLER_LOG_LEVEL\` | \`debug\`, \`info\` (default), \`warn\`, \`error\`, \`silent\` |
| \`NO_COLOR\` | no colours on a terminal |
`

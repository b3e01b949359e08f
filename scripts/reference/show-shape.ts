/** The part of JSON Schema that zod writes for the kit's schemas. */
export interface JsonSchema {
  readonly type?: string
  readonly const?: unknown
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly additionalProperties?: JsonSchema | boolean
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly minimum?: number
  readonly maximum?: number
}

const WIDEST = 100

/** A schema as people write types: `{ mode: "canary", percent: number }[]`. Long objects go over several lines. */
export function showShape(schema: JsonSchema, indent = ''): string {
  const variants = schema.oneOf ?? schema.anyOf
  if (variants !== undefined) return showVariants(variants, indent)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.type === 'array') return `${inBrackets(showShape(schema.items ?? {}, indent))}[]`
  if (schema.type === 'object') return showObject(schema, indent)
  return schema.type ?? 'any'
}

function showVariants(variants: readonly JsonSchema[], indent: string): string {
  const inner = `${indent}    `
  const short = variants.map((variant) => showShape(variant, indent)).join(' | ')
  if (!short.includes('\n') && indent.length + short.length <= WIDEST) return short
  return variants.map((variant) => `\n${indent}  | ${showShape(variant, inner)}`).join('')
}

function inBrackets(shape: string): string {
  return shape.includes(' | ') && !shape.startsWith('{\n') ? `(${shape})` : shape
}

function showObject({ properties, required, additionalProperties }: JsonSchema, indent: string): string {
  if (properties === undefined) {
    const values = typeof additionalProperties === 'object' ? showShape(additionalProperties, indent) : 'any'
    return `{ [name]: ${values} }`
  }
  const inner = `${indent}  `
  const fields = Object.entries(properties).map(([name, field]) =>
    `${name}${required?.includes(name) ? '' : '?'}: ${showShape(field, inner)}`.replace(': \n', ':\n'),
  )
  const short = `{ ${fields.join(', ')} }`
  if (!short.includes('\n') && indent.length + short.length <= WIDEST) return short
  return `{\n${fields.map((field) => `${inner}${field}`).join('\n')}\n${indent}}`
}

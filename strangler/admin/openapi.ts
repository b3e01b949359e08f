import { z } from 'zod'
import { ADMIN_EXCHANGES, type AdminExchange } from './admin-exchanges.ts'
import { problem } from './contracts.ts'

/** Questions whose answer a viewer may have, although they are too long for a URL. Every other POST is the operator's. */
const LONG_QUESTIONS = [
  'POST /api/routes/why',
  'POST /api/sync/doctor',
  'POST /api/sync/explain',
  'POST /api/migrate/retire/rehearse',
]

type JsonSchema = Readonly<Record<string, unknown>>

/** The admin API as an OpenAPI 3.1 document, made from the very schemas that check what comes in. */
export function writeAdminOpenApi(version: string): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {}
  for (const [address, exchange] of Object.entries(ADMIN_EXCHANGES)) {
    const [method = '', path = ''] = address.split(' ')
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(address, exchange) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Strangler: the admin API',
      version,
      description:
        'Questions for viewers, commands for operators. docs/reference/admin-api.md says what they mean.',
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: toSchema(problem, 'output') },
    },
  }
}

/** Who may ask it: a viewer (and so an operator), or an operator alone. */
export function roleOfAddress(address: string): 'viewer' | 'operator' {
  return address.startsWith('GET ') || LONG_QUESTIONS.includes(address) ? 'viewer' : 'operator'
}

function describe(address: string, { asks, answers }: AdminExchange): JsonSchema {
  const isQuery = address.startsWith('GET ')
  return {
    operationId: toOperationId(address),
    'x-strangler-role': roleOfAddress(address),
    ...(asks === undefined
      ? {}
      : isQuery
        ? { parameters: toParameters(asks) }
        : { requestBody: toBody(asks) }),
    responses: {
      '200': {
        description: 'Done.',
        content: { 'application/json': { schema: toSchema(answers, 'output') } },
      },
      default: {
        description: 'Refused or failed, with a code of docs/reference/errors.md.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

/** `POST /api/migrate/retire/rehearse` → `migrateRetireRehearse`; what is asked by GET begins with `get`. */
function toOperationId(address: string): string {
  const [method = '', path = ''] = address.split(' ')
  const words = path.split('/').slice(2)
  const named = method === 'GET' ? ['get', ...words] : words
  return named.map((word, index) => (index === 0 ? word : word[0]?.toUpperCase() + word.slice(1))).join('')
}

function toParameters(schema: z.ZodType): JsonSchema[] {
  const { properties = {}, required = [] } = toSchema(schema, 'input') as {
    properties?: Record<string, JsonSchema>
    required?: string[]
  }
  return Object.entries(properties).map(([name, own]) => ({
    ...{ name, in: 'query', required: required.includes(name), schema: own },
  }))
}

function toBody(schema: z.ZodType): JsonSchema {
  return { required: true, content: { 'application/json': { schema: toSchema(schema, 'input') } } }
}

function toSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...own } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return own
}

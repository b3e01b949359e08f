import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { OpenApiDocument } from '../compare/contract/write-openapi.ts'
import type { ContractExample } from '../contract/plan-requests.ts'
import { StranglerError } from '../core/errors.ts'

/** What the kit needs of a document; the rest may be whatever OpenAPI allows. */
const document = z.looseObject({
  openapi: z.string().startsWith('3.1'),
  paths: z.record(
    z.string().startsWith('/'),
    z.record(z.string(), z.looseObject({ responses: z.record(z.string(), z.looseObject({})) })),
  ),
})

const scalar = z.union([z.string(), z.number()])
const examples = z.record(
  z.string().regex(/^GET \//, { error: 'is no endpoint such as GET /a/:id; only GETs are asked' }),
  z.array(
    z.strictObject({
      path: z.record(z.string(), scalar).optional(),
      query: z.record(z.string(), z.union([scalar, z.boolean()])).optional(),
      status: z.int().min(100).max(599).optional(),
    }),
  ),
)

/** @throws StranglerError STRANGLER_CONTRACT_UNKNOWN, STRANGLER_INVALID_COMMAND */
export async function readContract(file: string): Promise<OpenApiDocument> {
  const value = await readJson(file, `\`strangler contract record CAPABILITY --out ${file}\` writes one.`)
  const parsed = document.safeParse(value)
  if (parsed.success) return value as OpenApiDocument
  throw notRead(file, z.prettifyError(parsed.error).split('\n')[0] ?? '', 'It must be OpenAPI 3.1 in JSON.')
}

export async function readExamples(file: string): Promise<Record<string, ContractExample[]>> {
  const value = await readJson(file, 'Name another file with --examples.')
  const parsed = examples.safeParse(value)
  if (parsed.success) return parsed.data
  const first = z.prettifyError(parsed.error).split('\n')[0] ?? ''
  throw new StranglerError('STRANGLER_INVALID_COMMAND', `${file} holds no examples: ${first}.`, {
    fix: 'Write `{ "GET /a/:id": [{ "path": { "id": 7 }, "query": {}, "status": 200 }] }`.',
  })
}

async function readJson(file: string, fix: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw notRead(file, (error as Error).message, fix)
  }
}

function notRead(file: string, why: string, fix: string): StranglerError {
  return new StranglerError('STRANGLER_CONTRACT_UNKNOWN', `${file} is no contract: ${why}.`, { fix })
}

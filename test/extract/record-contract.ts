import {
  type EndpointShape,
  joinEndpoints,
  shapeOfExchange,
} from '../../strangler/compare/contract/endpoint-shape.ts'
import { type OpenApiDocument, writeOpenApi } from '../../strangler/compare/contract/write-openapi.ts'

/** The contract as the kit learns it from answers, asked for here one by one: path by endpoint. */
export async function recordContract(
  capability: string,
  base: string,
  asked: Readonly<Record<string, readonly string[]>>,
): Promise<OpenApiDocument> {
  const endpoints: Record<string, EndpointShape> = {}
  for (const [endpoint, paths] of Object.entries(asked)) {
    for (const target of paths) {
      const answer = await fetch(base + target)
      const body = Buffer.from(await answer.arrayBuffer())
      const headers = [...answer.headers].flat()
      const shape = shapeOfExchange(endpoint.split(' ')[1] ?? '', {
        requests: { monolith: { method: 'GET', target, headers: [], body: undefined } },
        answer: { status: answer.status, headers, body },
      } as unknown as Parameters<typeof shapeOfExchange>[1])
      const present = endpoints[endpoint]
      endpoints[endpoint] = present === undefined ? shape : joinEndpoints(present, shape)
    }
  }
  return writeOpenApi({ capability, build: 'monolith-1', endpoints })
}

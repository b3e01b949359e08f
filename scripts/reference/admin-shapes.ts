import { z } from 'zod'
import { ADMIN_EXCHANGES } from '../../strangler/admin/admin-exchanges.ts'
import * as contract from '../../strangler/admin/contracts.ts'
import { type JsonSchema, showShape } from './show-shape.ts'

const BEGIN = '<!-- From here on: written by `npm run docs` from strangler/admin/contracts.ts. -->'

/** The page of the admin API with its last part, the shapes, written anew; what people wrote before it stays. */
export function writeAdminPage(present: string): string {
  const [written = ''] = present.split(BEGIN)
  return `${written.trimEnd()}\n\n${BEGIN}\n\n${writeShapes()}`
}

function writeShapes(): string {
  const addresses = Object.entries(ADMIN_EXCHANGES).map(([address, { asks, answers }]) => {
    const isCommand = answers === contract.commandAnswer
    const question =
      asks === undefined
        ? ''
        : `${address.startsWith('GET') ? 'Query' : 'Body'}:\n\n${fence(asks, 'input')}\n`
    const answer = isCommand ? 'Answer: as every command.\n' : `Answer:\n\n${fence(answers, 'output')}`
    return `### ${address}\n\n${question}${answer}`
  })
  return `## Shapes

A field with \`?\` may be left out. Times are ISO 8601 in UTC.

Every command answers:

${fence(contract.commandAnswer, 'output')}
Every failure answers:

${fence(contract.problem, 'output')}
${addresses.join('\n')}`
}

function fence(schema: z.ZodType, io: 'input' | 'output'): string {
  const shape = showShape(z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema)
  return `\`\`\`ts\n${shape}\n\`\`\`\n`
}

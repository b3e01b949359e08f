import { STATUS_CODES } from 'node:http'
import { ERRORS } from '../../strangler/core/error-catalogue.ts'

interface CataloguedError {
  readonly status: number
  readonly title: string
  readonly when: string
  readonly help: string
}

/** docs/reference/errors.md: one section per code; its anchor is the code in lower case. */
export function writeErrorsPage(errors: Readonly<Record<string, CataloguedError>> = ERRORS): string {
  const sections = Object.entries(errors).map(
    ([code, { status, title, when, help }]) => `## ${code}

**${title}.** HTTP ${status} ${STATUS_CODES[status]}.

*When:* ${when}

*What to do:* ${help}
`,
  )
  return `# Errors

Every failure has a code. The command line prints it with what was found and a command that mends it; the admin API and the proxy send
it in \`application/problem+json\` (RFC 9457) as \`code\`; the access log has it in \`code\`. The status is the one of an answer over HTTP.
What the proxy sends to clients holds the code and a \`correlationId\` and nothing of the inside: the log line with the same id says more.

A client that went away before its answer has no code here: its log line has \`CLIENT_GONE\` and status 499, or \`CLIENT_GAVE_UP\` where the side had kept it waiting for two seconds or more, which counts as a failure of the side.

${sections.join('\n')}`
}

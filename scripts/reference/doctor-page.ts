import { FINDINGS } from '../../strangler/sync/preflight/findings.ts'

const SEVERITIES = {
  blocks: 'Blocks',
  warns: 'Warns',
  note: 'Note',
} as const

/** docs/reference/doctor.md: one section per code; its anchor is the code in lower case. */
export function writeDoctorPage(): string {
  const sections = Object.entries(FINDINGS).map(
    ([code, { severity, title, why, mend }]) => `## ${code}

**${SEVERITIES[severity]}: ${title}.**

*Why it matters:* ${why}

*What to do:* ${mend}
`,
  )
  return `# What \`strangler doctor\` finds

\`npx strangler doctor\` looks at the databases of every capability with tables, \`npx strangler doctor inventory\` at those of one. It changes
nothing. It asks the kit when that runs; otherwise, or with \`--config\`, it reads the configuration and opens the databases itself.
\`--json\` prints \`{ capabilities: [{ capability, tables, findings: [{ code, severity, side?, table?, reason, why, mend }], isRetired? }] }\`.

| severity | what it means | exit code |
|---|---|---|
| \`blocks\` | \`strangler sync install\` refuses, by the same checks | 3 |
| \`warns\` | to be looked at, before the cut-over at the latest | 0 |
| \`note\` | good to know | 0 |

Once the service owns a capability's data only that is said which still matters: couplings, writers and cut foreign keys are of the way there. Of a
retired capability nothing is looked at.

A capability that is not there ends with 2.

${sections.join('\n')}`
}

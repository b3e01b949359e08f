import type { Command } from 'commander'
import { createProgram } from '../../strangler/cli/main.ts'
import type { Terminal } from '../../strangler/cli/terminal.ts'

const WIDTH = 100

/** docs/reference/cli.md: the help of every command, as the command itself prints it. */
export function writeCliPage(): string {
  const sections = listCommands(createProgram(silentTerminal(() => undefined))).map((names) => {
    const title = ['strangler', ...names].join(' ')
    return `## ${title}\n\n\`\`\`text\n${readHelp(names)}\n\`\`\`\n`
  })
  return `# Command line

\`npx strangler\` and a command; with \`--help\` every command prints what stands here. All commands but \`start\`, \`init\` and \`extract\` are clients of the
[admin API](admin-api.md): they work from any machine that reaches it and has a token. The address is \`--admin-url\`, else
\`STRANGLER_ADMIN_URL\`, else the one that the running kit left in its directory, else \`http://127.0.0.1:8081\`. The token is
\`STRANGLER_TOKEN\`, else the operator's in \`tokens.json\` of that directory.

Exit codes are the same for all: 0 done, 1 failed, 2 the command is not understood, 3 refused or somebody else was faster, 4 not reachable.
\`source <(npx strangler completion bash)\` completes commands, options and their values in bash; \`zsh\` likewise.

A refusal or failure is one paragraph on standard error, or one JSON object with \`--json\`. Decisions carry the journal's version that
they were made on: when somebody else was faster, nothing is changed and the exit code is 3.

${sections.join('\n')}`
}

/** The names of every command, each as a path from the top; the program itself first. */
export function listCommands(command: Command, path: readonly string[] = []): string[][] {
  return [[...path], ...command.commands.flatMap((inner) => listCommands(inner, [...path, inner.name()]))]
}

function readHelp(names: readonly string[]): string {
  let text = ''
  const program = createProgram(
    silentTerminal((chunk) => {
      text += chunk
    }),
  )
  try {
    program.parse([...names, '--help'], { from: 'user' })
  } catch (error) {
    // Commander ends the program after a help by throwing.
    if ((error as { code?: string }).code !== 'commander.helpDisplayed') throw error
  }
  return text.trim()
}

function silentTerminal(onText: (text: string) => void): Terminal {
  const stream = {
    columns: WIDTH,
    isTTY: false,
    write(text: unknown) {
      onText(String(text))
      return true
    },
  }
  return { stdout: stream, stderr: stream, env: {} }
}

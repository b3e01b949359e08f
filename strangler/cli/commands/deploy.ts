import type { Command } from 'commander'
import { addDecisionOptions, type DecisionOptions, decisionFields } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

const MONOLITH_EXAMPLES = `
Examples:
  strangler deploy monolith 2026.11.25-1
  strangler deploy monolith 7f3ab1c --because "release 40" --json`

const SERVICE_EXAMPLES = `
Examples:
  strangler deploy service inventory 2026.11.25-2
  strangler deploy service inventory 7f3ab1c --as ci --json`

/** For sides that tell their build neither by a header nor at a path. */
export function addDeploy(program: Command, terminal: Terminal): void {
  const deploy = program.command('deploy').description('say which build of a side answers from now on')
  const tell = async (side: string, build: string, options: DecisionOptions) => {
    const client = await connectAdmin(options, terminal)
    const answer = await client.deploy({ ...(await decisionFields(client, options, terminal)), side, build })
    if (options.json) return writeJson(terminal, answer)
    writeLine(
      terminal,
      `${side} is at build ${build} (version ${answer.version}). Comparisons are counted anew.`,
    )
  }
  addDecisionOptions(
    deploy.command('service').argument('<side>', 'a side of the configuration').argument('<build>'),
  )
    .description('of a service')
    .addHelpText('after', SERVICE_EXAMPLES)
    .action(tell)
  addDecisionOptions(deploy.command('monolith').argument('<build>'))
    .description('of the monolith')
    .addHelpText('after', MONOLITH_EXAMPLES)
    .action((build: string, options: DecisionOptions) => tell('monolith', build, options))
}

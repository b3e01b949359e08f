import { Argument, type Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { writeBashCompletion, writeZshCompletion } from '../write-completion.ts'

const HELP = `
Examples:
  source <(strangler completion bash)
  source <(strangler completion zsh)
  strangler completion zsh

The script knows every command and option of this version; write it anew after an upgrade.`

export function addCompletion(parent: Command, terminal: Terminal): void {
  parent
    .command('completion')
    .description('print a script that lets bash or zsh complete the commands and options')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh']))
    .addHelpText('after', HELP)
    .action((shell: 'bash' | 'zsh') => {
      terminal.stdout.write(shell === 'bash' ? writeBashCompletion(parent) : writeZshCompletion(parent))
    })
}

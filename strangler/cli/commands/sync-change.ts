import type { Command } from 'commander'
import {
  addDecisionOptions,
  type DecisionOptions,
  decisionFields,
  requireReason,
} from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { type Terminal, writeJson, writeLine } from '../terminal.ts'

/** In the order of their use. */
export const SYNC_CHANGES = ['install', 'pause', 'resume', 'uninstall'] as const

type SyncChange = (typeof SYNC_CHANGES)[number]

const TEXTS: Readonly<Record<SyncChange, { description: string; done: string; same: string }>> = {
  install: {
    description: 'put triggers into both databases, and carry every change from now on',
    done: 'is installed: changes are carried from now on. `strangler sync backfill` copies the rows that are there',
    same: 'was installed already, and is whole',
  },
  pause: {
    description: 'carry nothing for a while; changes wait in the log',
    done: 'is paused: changes wait in the log',
    same: 'was paused already',
  },
  resume: { description: 'go on after a pause', done: 'goes on', same: 'was running already' },
  uninstall: {
    description: 'take triggers, log and all else of the kit out of both databases; copied rows stay',
    done: 'is taken out of both databases',
    same: 'was not running; what was left of it is taken out of both databases',
  },
}

interface ChangeOptions extends DecisionOptions {
  readonly takeOver?: true
  readonly unsafe?: true
}

/** `sync install`, `pause`, `resume` and `uninstall`: one command each, of one shape. */
export function addSyncChange(parent: Command, terminal: Terminal, change: SyncChange): void {
  const { description, done, same } = TEXTS[change]
  const command: Command = parent.command(change).description(description).argument('<capability>')
  if (change === 'install')
    command.option(
      '--take-over',
      'also where a database is claimed by another installation: it is this one’s then',
    )
  if (change === 'uninstall')
    command.option(
      '--unsafe',
      'also while the service owns: there is no way back then, and the old tables take writes again; needs --because',
    )
  addDecisionOptions(command)
    .addHelpText('after', `\nExamples:\n  strangler sync ${change} inventory`)
    .action(async (capability: string, options: ChangeOptions) => {
      const { takeOver, unsafe } = options
      if (unsafe !== undefined) requireReason(command, options.because, '--unsafe')
      const client = await connectAdmin(options, terminal)
      const fields = await decisionFields(client, options, terminal)
      const answer = await client.changeSync(change, {
        ...{ ...fields, capability },
        ...(takeOver === undefined ? {} : { takeOver }),
        ...(unsafe === undefined ? {} : { unsafe }),
      })
      if (options.json) writeJson(terminal, answer)
      else
        writeLine(
          terminal,
          `The sync of ${capability} ${answer.changed ? done : same} (version ${answer.version}).`,
        )
    })
}

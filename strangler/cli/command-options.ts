import { userInfo } from 'node:os'
import type { Command } from 'commander'
import type { AdminClient } from '../admin/admin-client.ts'
import type { ConnectOptions } from './connect.ts'
import { parseWhole } from './parse-mode.ts'
import type { Terminal } from './terminal.ts'

export interface QuestionOptions extends ConnectOptions {
  readonly json?: true
}

export interface DecisionOptions extends QuestionOptions {
  readonly because?: string
  readonly as?: string
  readonly expect?: number
}

/** The options of every command that talks to the admin API. */
export function addQuestionOptions(command: Command): Command {
  return command
    .option('--json', 'print the API’s answer as JSON')
    .option('--admin-url <url>', 'where the admin API is (STRANGLER_ADMIN_URL)')
    .option('--directory <path>', 'where the kit keeps its files (STRANGLER_DIRECTORY)')
}

/** The options of every command that is journalled. */
export function addDecisionOptions(command: Command): Command {
  return addQuestionOptions(command)
    .option('--because <why>', 'the reason, for the journal')
    .option('--as <name>', 'your name, for the journal (default: the user of this machine)')
    .option('--expect <version>', 'refuse if the journal is not at this version', parseWhole)
}

/** For what nobody should decide without saying why. @param what as a sentence begins: `an eviction` */
export function requireReason(command: Command, because: string | undefined, what: string): string {
  return because ?? command.error(`error: ${what} needs its reason: --because "…"`, { exitCode: 2 })
}

/** What every command carries; without `--expect` it is the version of this moment. */
export async function decisionFields(
  client: AdminClient,
  { because, as, expect }: DecisionOptions,
  { env }: Terminal,
): Promise<{ expectedVersion: number; as?: string; because?: string }> {
  const name = as ?? systemUser(env)
  return {
    expectedVersion: expect ?? (await client.routes()).version,
    ...(because === undefined ? {} : { because }),
    ...(name === undefined ? {} : { as: name }),
  }
}

function systemUser(env: Terminal['env']): string | undefined {
  const name = env['USER'] ?? env['USERNAME'] ?? lookUpUser()
  const allowed = name?.replaceAll(/[^\p{L}\p{N}._@ -]/gu, '-').slice(0, 64)
  return allowed === '' ? undefined : allowed
}

function lookUpUser(): string | undefined {
  try {
    return userInfo().username
  } catch {
    // A container may run under a number that has no name; the journal then says the role alone.
    return undefined
  }
}

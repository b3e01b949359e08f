import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Command } from 'commander'
import type { AssessAnswer } from '../../admin/assess-contracts.ts'
import type { AssessFacts } from '../../assess/facts.ts'
import { type RankedCapability, rankCapabilities } from '../../assess/rank-capabilities.ts'
import { LOG_FORMAT, readChurn } from '../../assess/read-churn.ts'
import { countOf } from '../../core/count-of.ts'
import { StranglerError } from '../../core/errors.ts'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { paint, type Terminal, writeJson, writeLine } from '../terminal.ts'

interface AssessOptions extends QuestionOptions {
  readonly repo?: string
}

const LARGEST_LOG = 256 * 1_048_576

const HELP = `
Examples:
  strangler assess
  strangler assess --repo ../shop --json

What is measured: the traffic that the proxies have seen, how long its requests take, the tables and foreign keys of the monolith's
database, how often they are written, and for three seconds which transactions change tables on both sides of a border. With --repo: how often
the code of each capability changed in a year, and what changed together with it. Every number stands beside the order that it speaks for.`

export function addAssess(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('assess')
    .description('which capability hurts most, and what moving it would cut, by what was measured')
  addQuestionOptions(command)
    .option('--repo <path>', 'the monolith’s repository, for how often its code changes')
    .addHelpText('after', HELP)
    .action(async (options: AssessOptions) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.assess()
      const { facts, ranking } = options.repo === undefined ? answer : await withChurn(answer, options.repo)
      if (options.json) return writeJson(terminal, { facts, ranking })
      ranking.forEach((ranked, index) => {
        if (index > 0) writeLine(terminal, '')
        printRanked(terminal, ranked, index + 1)
      })
      printEnd(terminal, facts, ranking)
    })
}

async function withChurn(
  { facts }: AssessAnswer,
  repo: string,
): Promise<{ facts: AssessFacts; ranking: RankedCapability[] }> {
  const names = facts.capabilities.map(({ capability }) => capability)
  const churn = readChurn(await readLog(repo), names)
  const capabilities = facts.capabilities.map((one) => ({ ...one, churn: churn.get(one.capability) }))
  const whole: AssessFacts = { ...facts, capabilities }
  return { facts: whole, ranking: rankCapabilities(whole) }
}

async function readLog(repo: string): Promise<string> {
  try {
    const asked = ['-C', repo, 'log', '--since=1.year', ...LOG_FORMAT]
    const { stdout } = await promisify(execFile)('git', asked, { maxBuffer: LARGEST_LOG })
    return stdout
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.split('\n')[0] || (error as Error).message
    throw new StranglerError('STRANGLER_INVALID_COMMAND', `The history of ${repo} cannot be read: ${said}.`, {
      fix: 'Name a folder that is a git repository with --repo, or leave it out.',
      cause: error,
    })
  }
}

function printRanked(
  terminal: Terminal,
  { capability, benefit, cost, score, unknown }: RankedCapability,
  place: number,
): void {
  writeLine(
    terminal,
    `${place}. ${paint(terminal, 'bold', capability)}  (${score > 0 ? '+' : ''}${score.toFixed(2)})`,
  )
  writeLine(terminal, '   what moving it would ease')
  for (const { weight, says } of benefit) writeLine(terminal, `   ${bar(weight)} ${says}`)
  writeLine(terminal, '   what moving it would cut')
  if (cost.length === 0) writeLine(terminal, '   (not known)')
  for (const { weight, says } of cost) writeLine(terminal, `   ${bar(weight)} ${says}`)
  for (const what of unknown) writeLine(terminal, `   not known: ${what}`)
}

const WIDTH = 5
const bar = (weight: number) => '█'.repeat(Math.round(weight * WIDTH)).padEnd(WIDTH, '·')

function printEnd(
  terminal: Terminal,
  { elsewhere, sessions }: AssessFacts,
  [first]: readonly RankedCapability[],
): void {
  writeLine(terminal, '')
  if (first === undefined) {
    writeLine(terminal, 'The configuration has no capability: `strangler init` proposes some.')
    return
  }
  if (elsewhere > 0) writeLine(terminal, `${countOf(elsewhere, 'request')} went to no capability.`)
  if (sessions.length > 0) {
    const names = sessions.map(({ role, application }) =>
      application === '' ? role : `${role} (${application})`,
    )
    writeLine(
      terminal,
      `Connected to the monolith’s database now: ${names.join(', ')}. Whoever is not the monolith writes past the proxy.`,
    )
  }
  writeLine(
    terminal,
    `Next: \`strangler guide ${first.capability}\`, or another that you know better reasons for.`,
  )
}

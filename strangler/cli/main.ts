import { Command, CommanderError } from 'commander'
import { readManifest } from '../infra/read-manifest.ts'
import { addAssess } from './commands/assess.ts'
import { addCompareAccept, addCompareReject } from './commands/compare-accept.ts'
import { addCompareExport } from './commands/compare-export.ts'
import { addCompareReplay } from './commands/compare-replay.ts'
import { addCompareReport } from './commands/compare-report.ts'
import { addCompareRules } from './commands/compare-rules.ts'
import { addCompareSamples } from './commands/compare-samples.ts'
import { addCompareShow } from './commands/compare-show.ts'
import { addCompletion } from './commands/completion.ts'
import { addContractRecord } from './commands/contract-record.ts'
import { addContractVerify } from './commands/contract-verify.ts'
import { addDeploy } from './commands/deploy.ts'
import { addDoctor } from './commands/doctor.ts'
import { addExtract } from './commands/extract.ts'
import { addGuide } from './commands/guide.ts'
import { addHoldChange } from './commands/hold-change.ts'
import { addHoldStart } from './commands/hold-start.ts'
import { addHoldStatus } from './commands/hold-status.ts'
import { addInit } from './commands/init.ts'
import { addMigrate } from './commands/migrate.ts'
import { addProxyEvict } from './commands/proxy-evict.ts'
import { addProxyList } from './commands/proxy-list.ts'
import { addRouteClear } from './commands/route-clear.ts'
import { addRouteHistory } from './commands/route-history.ts'
import { addRouteList } from './commands/route-list.ts'
import { addRouteSet } from './commands/route-set.ts'
import { addRouteWhy } from './commands/route-why.ts'
import { addStart } from './commands/start.ts'
import { addSyncBackfill } from './commands/sync-backfill.ts'
import { addSyncChange, SYNC_CHANGES } from './commands/sync-change.ts'
import { addSyncExplain } from './commands/sync-explain.ts'
import { addSyncRepair } from './commands/sync-repair.ts'
import { addSyncStatus } from './commands/sync-status.ts'
import { addSyncVerify } from './commands/sync-verify.ts'
import { EXIT, EXIT_HELP, exitCodeOf } from './exit-codes.ts'
import { printError } from './print-error.ts'
import { type Terminal, terminalOfProcess } from './terminal.ts'
import { wordHints } from './word-hints.ts'

/**
 * Runs one command line; everything it does, it does over the admin API or by starting the kit.
 * @param args without node and script
 * @returns the exit code: 0 done, 1 failed, 2 not understood, 3 refused, 4 not reachable
 */
export async function main(
  args: readonly string[],
  terminal: Terminal = terminalOfProcess(),
): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(toHelp(args), { from: 'user' })
    return EXIT.done
  } catch (error) {
    // Commander has written its message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.notUnderstood
    printError(terminal, error, args.includes('--json'))
    return exitCodeOf(error)
  }
}

/** `help route set` as `route set --help`: Commander's own looks no deeper than one word. */
function toHelp(args: readonly string[]): readonly string[] {
  const [first, ...names] = args
  return first === 'help' && names.length > 1 ? [...names, '--help'] : args
}

/** Every command and option there is. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('strangler')
    .description('Moves one capability at a time out of a monolith.')
    .version(readManifest().version)
    .exitOverride()
    .showHelpAfterError('Add --help for what this command takes.')
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(wordHints(text, terminal.program)),
      writeErr: (text) => void terminal.stderr.write(wordHints(text, terminal.program)),
      getOutHelpWidth: () => terminal.stdout.columns ?? 100,
      getErrHelpWidth: () => terminal.stderr.columns ?? 100,
    })
    .addHelpText('after', EXIT_HELP)
  addInit(program, terminal)
  addStart(program, terminal)
  addDoctor(program, terminal)
  addAssess(program, terminal)
  addGuide(program, terminal)
  addMigrate(program, terminal)

  const route = program.command('route').description('where each endpoint’s requests go')
  for (const add of [addRouteList, addRouteSet, addRouteClear, addRouteWhy, addRouteHistory])
    add(route, terminal)

  const proxy = program.command('proxy').description('the proxies that are registered')
  for (const add of [addProxyList, addProxyEvict]) add(proxy, terminal)

  const hold = program.command('hold').description('keep a capability’s writes waiting, for a cut-over')
  addHoldStart(hold, terminal)
  for (const change of ['fence', 'release', 'abort'] as const) addHoldChange(hold, terminal, change)
  addHoldStatus(hold, terminal)

  const sync = program.command('sync').description('keep the service’s tables the same as the monolith’s')
  addSyncStatus(sync, terminal)
  for (const change of SYNC_CHANGES) addSyncChange(sync, terminal, change)
  addSyncBackfill(sync, terminal)
  for (const add of [addSyncVerify, addSyncRepair, addSyncExplain]) add(sync, terminal)

  const compare = program.command('compare').description('what the answers of the two sides differ in')
  for (const add of [addCompareReport, addCompareSamples, addCompareShow, addCompareReplay])
    add(compare, terminal)
  for (const add of [addCompareAccept, addCompareReject, addCompareRules, addCompareExport])
    add(compare, terminal)
  const contract = program
    .command('contract')
    .description('what the monolith answers, for the service to keep')
  for (const add of [addContractRecord, addContractVerify]) add(contract, terminal)
  addExtract(program, terminal)
  addDeploy(program, terminal)
  addCompletion(program, terminal)
  // Last, so that the commands keep the shorter words.
  return program.showHelpAfterError(
    'Options follow their command, as in `strangler route list --json`. Add --help for what there is.',
  )
}

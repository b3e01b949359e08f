import { type MachineFacts, readMachineFacts } from '../machine-facts.ts'
import { type BodyPair, makeBodyPairs } from './make-bodies.ts'
import { measurePair, type PairFigures } from './measure-pair.ts'
import { type CompareBenchOptions, SIZES } from './options.ts'

/** All that one run has found. The figures by size are those of the worst of the three pairs. */
export interface CompareReport {
  readonly diffVsParse: Readonly<Record<string, number>>
  readonly diffVsParseOfText: Readonly<Record<string, number>>
  readonly vsJsondiffpatch: Readonly<Record<string, number>>
  readonly vsMicrodiff: Readonly<Record<string, number>>
  readonly machine: MachineFacts
  readonly options: CompareBenchOptions
  readonly pairs: Readonly<Record<string, Readonly<Record<BodyPair['name'], PairFigures>>>>
}

/** Measures what comparing two JSON answers costs, next to parsing them and to two other tools, and prints it. */
export async function benchCompare(options: CompareBenchOptions, signal: AbortSignal): Promise<void> {
  const machine = readMachineFacts()
  const pairs: Record<string, Record<BodyPair['name'], PairFigures>> = {}
  for (const [size, bytes] of Object.entries(SIZES)) {
    process.stderr.write(`${size}: equal values, three differences, a difference in every record\n`)
    const measured = []
    for (const pair of makeBodyPairs(bytes)) {
      measured.push([pair.name, measurePair(pair, options)])
      // Between two pairs an interruption is heard; within one nothing waits.
      await new Promise(setImmediate)
      signal.throwIfAborted()
    }
    pairs[size] = Object.fromEntries(measured)
  }
  const report = { ...summarize(pairs), machine, options, pairs }
  process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report))
}

function summarize(pairs: CompareReport['pairs']) {
  const worst = (pick: (figures: PairFigures) => number, choose: (...values: number[]) => number) =>
    Object.fromEntries(
      Object.entries(pairs).map(([size, of]) => [size, choose(...Object.values(of).map(pick))]),
    )
  return {
    diffVsParse: worst(({ diffVsParse }) => diffVsParse, Math.max),
    diffVsParseOfText: worst(({ diffVsParseOfText }) => diffVsParseOfText, Math.max),
    vsJsondiffpatch: worst(({ vsJsondiffpatch }) => vsJsondiffpatch, Math.min),
    vsMicrodiff: worst(({ vsMicrodiff }) => vsMicrodiff, Math.min),
  }
}

/** What comparing may cost beside parsing. */
const TARGET = 1

function formatReport({ machine, options, pairs, ...worst }: CompareReport): string {
  const head = `${machine.cores} cores (${machine.processor}), Node ${machine.node}, load ${machine.loadBefore} before; medians of ${options.rounds} rounds, processor time`
  const rows = Object.entries(pairs).flatMap(([size, of]) =>
    Object.entries(of).map(
      ([name, { micros, diffVsParse, diffVsParseOfText, vsJsondiffpatch, vsMicrodiff }]) =>
        `${size.padEnd(8)} ${name.padEnd(11)} parse ${micros.parse} µs, kit ${micros.kit} µs: diff ${diffVsParse} × parse (${diffVsParseOfText} × that of texts); jsondiffpatch takes ${vsJsondiffpatch} ×, microdiff ${vsMicrodiff} × as long`,
    ),
  )
  const targets = Object.entries(worst.diffVsParse).map(
    ([size, ratio]) =>
      `${ratio <= TARGET ? 'reached' : 'MISSED '}  diffVsParse ${size}: ${ratio}, at most ${TARGET}`,
  )
  return `${[head, '', ...rows, '', ...targets].join('\n')}\n`
}

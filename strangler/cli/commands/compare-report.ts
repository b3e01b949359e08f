import type { Command } from 'commander'
import type { ReportAnswer } from '../../admin/compare-contracts.ts'
import { countOf } from '../../core/count-of.ts'
import { showCount } from '../../guide/show.ts'
import { addQuestionOptions, type QuestionOptions } from '../command-options.ts'
import { connectAdmin } from '../connect.ts'
import { parseWhere } from '../parse-where.ts'
import { printTable } from '../print-table.ts'
import { showShare } from '../show-share.ts'
import { paint, type Terminal, writeJson, writeLine } from '../terminal.ts'

type Capability = ReportAnswer['capabilities'][number]
type Endpoint = Capability['endpoints'][number]

export function addCompareReport(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('report')
    .description('what the comparisons say: the worst difference first')
    .argument('[name]', 'a capability, or an endpoint in quotes; all by default')
  addQuestionOptions(command)
    .option('--hours <n>', 'how far back', Number, 24)
    .addHelpText(
      'after',
      '\nExamples:\n  strangler compare report inventory\n  strangler compare report "GET /api/inventory/:sku" --hours 1',
    )
    .action(async (name: string | undefined, options: QuestionOptions & { hours: number }) => {
      const client = await connectAdmin(options, terminal)
      const answer = await client.compareReport({ ...parseWhere(name), hours: options.hours })
      if (options.json) return writeJson(terminal, answer)
      for (const capability of answer.capabilities) printCapability(terminal, capability)
    })
}

function printCapability(
  terminal: Terminal,
  { capability, basis, warning, differences, endpoints }: Capability,
): void {
  if (warning !== undefined) writeLine(terminal, paint(terminal, 'yellow', `${capability}: ${warning}`))
  if (basis === undefined) {
    writeLine(
      terminal,
      `${capability}: nothing was compared yet. It begins with the step shadow, and then with the next read: \`strangler guide ${capability}\` says where it is.`,
    )
    return
  }
  const { monolithBuild, serviceBuild, firstSeenAt } = basis
  const title = `${capability}: monolith ${monolithBuild} against service ${serviceBuild}, since ${firstSeenAt}`
  writeLine(terminal, paint(terminal, 'bold', title))
  printTable(terminal, endpoints, [
    { title: 'ENDPOINT', value: ({ endpoint }) => endpoint, mayShrink: 'last' },
    { title: 'COMPARED', value: ({ coverage }) => showShare(coverage) },
    { title: 'RAW', value: ({ rates }) => showShare(rates.raw) },
    { title: 'NOISE', value: ({ rates }) => showShare(rates.noise) },
    { title: 'ACCEPTED', value: ({ rates }) => String(rates.accepted.count) },
    { title: 'UNKNOWN', value: ({ rates }) => String(rates.unknown.count) },
    { title: 'NET', value: ({ rates }) => showShare(rates.net, true) },
    { title: 'LAG', value: ({ lag }) => String(lag) },
    { title: 'MS p50/p99', value: showLatency },
  ])
  for (const endpoint of endpoints) for (const note of listNotes(endpoint)) writeLine(terminal, note)
  if (differences.length === 0) return writeLine(terminal, 'No difference was found.')
  writeLine(terminal, '')
  printTable(terminal, differences.slice(0, 50), [
    { title: 'DIFFERENCE', value: ({ kind, path }) => `${kind} ${path}`, mayShrink: true },
    { title: 'ENDPOINT', value: ({ endpoint }) => endpoint, mayShrink: 'last' },
    { title: 'WHAT', value: ({ verdict, isAccepted }) => (isAccepted ? 'accepted' : verdict) },
    { title: 'EXCHANGES', value: ({ differing }) => showShare(differing, true) },
    { title: 'ITSELF', value: ({ noisy, calibrated }) => `${showCount(noisy)} of ${showCount(calibrated)}` },
    { title: 'WEIGHT', value: ({ weight }) => weight.toFixed(1) },
  ])
  writeLine(terminal, '')
  for (const line of LEGEND) writeLine(terminal, line)
  for (const note of listHidden(differences)) writeLine(terminal, note)
}

const LEGEND = [
  'NET: answers with a real difference that nobody has accepted; in brackets where the true share is, with 95 %.',
  'UNKNOWN: answers that differ, and too few were seen to tell a bug from noise. It counts against a gate too.',
  'ITSELF: how often the monolith differed from itself there. `strangler compare samples` lists exchanges, `strangler compare show ID` shows one.',
]

const HIDDEN_SHOWN = 5

/** What noise may hide: beside each place that is called so, and what to do where it is data that moves. */
function listHidden(differences: Capability['differences']): string[] {
  const hiding = differences.filter(({ isAccepted, foundFrom }) => !isAccepted && foundFrom !== undefined)
  if (hiding.length === 0) return []
  const notes = hiding.slice(0, HIDDEN_SHOWN).flatMap(({ endpoint, path, foundFrom }) => {
    if (foundFrom === undefined) return []
    return `${path} of ${endpoint} is noise: a bug there is found when it changes some ${showCount(foundFrom.count)} of ${countOf(foundFrom.of, 'answer')}.`
  })
  return [
    ...notes,
    'Where noise is data that moves, `compare.neverNoise: ["PATH"]` of the capability calls nothing there noise any more.',
  ]
}

function showLatency({ latency }: Endpoint): string {
  if (latency === undefined) return '-'
  const { monolith, service } = latency
  return `${monolith.p50Ms}/${monolith.p99Ms} → ${service.p50Ms}/${service.p99Ms}`
}

/** What a person should know of before believing the rates. */
function listNotes({ endpoint, gaveWay, skipped, shapes, overflow }: Endpoint): string[] {
  const reasons = Object.entries(skipped).map(([reason, count]) => `${reason} ${count}`)
  return [
    ...(reasons.length === 0 ? [] : [`${endpoint}: skipped: ${reasons.join(', ')}`]),
    ...(gaveWay === 0
      ? []
      : [
          `${endpoint}: gave way: ${gaveWay}, drawn by lot while clients had to wait for processors. Those that were compared stand for them; a processor more, and more are compared.`,
        ]),
    ...(shapes.never.length === 0 ? [] : [`${endpoint}: never compared: ${shapes.never.join('; ')}`]),
    ...(overflow === 0
      ? []
      : [`${endpoint}: ${countOf(overflow, 'difference')} at more paths than are counted one by one`]),
  ]
}

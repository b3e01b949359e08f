import { setTimeout as delay } from 'node:timers/promises'
import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import { longestHold, type Say, showPosition, tellLines, tellUndoing, tellUndone } from './narrate.ts'
import { isPassing } from './walk.ts'

const WITHIN_MS = 60_000
const AGAIN_MS = 1_000

/** Takes the ownership back to the monolith: the same cut-over, the other way. */
export async function goBack(client: AdminClient, capability: string, say: Say): Promise<string | undefined> {
  say(`\n${`── ${capability} · and back again `.padEnd(78, '─')}`)
  tellLines(
    say,
    `Nothing is wrong with the ${capability}; but the day it is, this is all there is to do. The same cut-over runs the other way: writes wait, the last changes of the service are carried to the monolith, and the monolith owns again. Going back needs no evidence, only that no row would be lost.`,
  )
  let because = ''
  for (const deadline = Date.now() + WITHIN_MS; Date.now() < deadline; await delay(AGAIN_MS)) {
    try {
      const { version } = await client.routes()
      const answer = await client.migrateBack({
        ...{ capability, expectedVersion: version, because: 'the demo shows the way back' },
      })
      tellLines(
        say,
        `⇄ The monolith owns the ${capability} again, with everything that was written at the service. Writes waited ${longestHold(answer)} ms at most; it stands at ${showPosition(answer.position)}.`,
      )
      tellUndone(say, answer.undoneMs)
      return undefined
    } catch (error) {
      if (!isPassing(error)) throw error
      because = error.message
      tellUndoing(say, error)
    }
  }
  tellLines(say, `It stays at the service. ${because}`)
  return because
}

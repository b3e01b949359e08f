import { countOf } from '../../core/count-of.ts'
import { defineGate, type Gate } from '../gate.ts'
import { showCount, showShare, showSome } from '../show.ts'
import { ofService } from './of-service.ts'

/** An endpoint may be compared a thousand times and a parameter of it never. */
const check = ofService(
  defineGate('shapes-covered', 'every kind of request was compared', (snapshot, { pass, unknown }) => {
    const { capability, comparison, profile } = snapshot
    const { seen = 0, covered = 0, atLeast = 0, never = [] } = comparison?.shapes ?? {}
    const wanted = profile.shapesCovered ?? 0
    const evidence = { shapes: seen, covered, never: never.length, wanted }
    if (seen === 0)
      return unknown({ reason: 'No shape of request was seen yet.', evidence, fix: 'Wait for requests.' })
    const reason = `${showCount(covered)} of ${countOf(seen, 'shape')} of requests (parameters and status) ${covered === 1 ? 'was' : 'were'} compared at least ${atLeast} times (${showShare(covered / seen)}; ${showShare(wanted)} is the least).`
    if (covered / seen >= wanted) return pass({ reason, evidence })
    return unknown({
      reason: `${reason}${never.length === 0 ? '' : ` Never compared: ${showSome(never)}.`}`,
      evidence,
      fix: `Wait for requests, or send such requests yourself: \`strangler compare report ${capability}\` lists the shapes.`,
    })
  }),
)

export const shapesCovered: Gate = Object.freeze({
  ...check,
  isAsked: (profile) => profile.shapesCovered !== undefined,
} satisfies Gate)

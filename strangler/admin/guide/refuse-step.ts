import { StranglerError } from '../../core/errors.ts'
import type { GateResult, Position } from '../../core/guide-words.ts'

/** The step is not one that could be taken now. */
export function refused(capability: string, found: string, fix?: string): StranglerError {
  return new StranglerError('STRANGLER_STEP_REFUSED', `${capability}: ${found}`, {
    fix: fix ?? `\`strangler guide ${capability}\` says where it is.`,
  })
}

/** There is no step behind it, and none back. */
export function retiredAlready(capability: string): StranglerError {
  return refused(
    capability,
    'It is retired already, and that was its last step.',
    `\`strangler migrate ${capability} status\` names what the monolith does not need any more.`,
  )
}

/** Something that must be true for the step is not, or is not known. */
export function gateClosed(
  capability: string,
  { step }: Position,
  shut: readonly GateResult[],
): StranglerError {
  const found = shut.map(({ id, state, reason }) => `${id} (${state}): ${reason}`).join(' ')
  const fixes = [...new Set(shut.map(({ fix }) => fix).filter((fix) => fix !== ''))]
  return new StranglerError(
    'STRANGLER_GATE_CLOSED',
    `${capability} cannot enter the step ${step} yet. ${found}`,
    { fix: fixes.join(' '), details: { gates: shut } },
  )
}

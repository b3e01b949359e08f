import type { Config } from '../config/schema.ts'
import type { ShadowMarks } from '../core/shadow-mark.ts'
import type { ByteBudget } from './byte-budget.ts'
import type { Shadow } from './create-shadow.ts'

/** What every capture answers the proxy in the same way, wherever its exchanges are judged. */
export function captureBasis(
  { compare }: Config,
  marks: ShadowMarks,
  budget: ByteBudget,
): Pick<Shadow['capture'], 'maxBodyBytes' | 'takeBytes' | 'giveBytes' | 'isOwnMark'> {
  return {
    maxBodyBytes: compare.maxBodyBytes,
    takeBytes: budget.take,
    giveBytes: budget.give,
    isOwnMark: marks.isValid,
  }
}

import type { CapturedExchange } from '../core/captured-exchange.ts'
import type { SkipReason } from '../core/compare-words.ts'
import type { ReportError } from '../core/ports.ts'
import type { Decision } from '../routing/decide.ts'

/** Who wants copies of exchanges, and how much of them. Nothing it does can reach the client. */
export interface CapturePort {
  /** The longest body that is copied, of a request and of an answer each. */
  readonly maxBodyBytes: number
  /** Whether this exchange is to be copied; asked once for each of a capability's, whether its decision names a side to shadow or not. */
  wants(decision: Decision): boolean
  /** Whether so many more bytes may be held. They are given back here, or by whoever got the exchange. */
  takeBytes(count: number): boolean
  giveBytes(count: number): void
  /** Whether a request's `x-strangler-shadow` is the kit's own: such a request is never copied again. */
  isOwnMark(mark: string): boolean
  onCaptured(exchange: CapturedExchange): void
  onSkipped(decision: Decision, reason: SkipReason): void
}

/** The same, with every failure of it reported instead of thrown: what observes must not break what it observes. */
export function guardCapturePort(port: CapturePort, report: ReportError): CapturePort {
  const guard = <A extends unknown[], R>(call: (...args: A) => R, otherwise: R) => {
    return (...args: A): R => {
      try {
        return call(...args)
      } catch (error) {
        report('copy an exchange', error)
        return otherwise
      }
    }
  }
  return {
    maxBodyBytes: port.maxBodyBytes,
    wants: guard((decision: Decision) => port.wants(decision), false),
    takeBytes: guard((count: number) => port.takeBytes(count), false),
    giveBytes: guard((count: number) => port.giveBytes(count), undefined),
    isOwnMark: guard((mark: string) => port.isOwnMark(mark), true),
    onCaptured: guard((exchange: CapturedExchange) => port.onCaptured(exchange), undefined),
    onSkipped: guard((decision: Decision, reason: SkipReason) => port.onSkipped(decision, reason), undefined),
  }
}

import { availableParallelism, cpus, loadavg, platform, release } from 'node:os'

/** What somebody needs to know to compare figures with those of another machine. */
export interface MachineFacts {
  readonly cores: number
  readonly processor: string
  readonly system: string
  readonly node: string
  /** Load average of the last minute when the run began: what else this machine was doing. */
  readonly loadBefore: number
}

export function readMachineFacts(): MachineFacts {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    system: `${platform()} ${release()}`,
    node: process.version,
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
  }
}

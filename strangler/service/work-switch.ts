/** The work: `start` may be called again after `stop`. A failed `stop` counts as work that still runs. */
export interface Work {
  readonly start: () => unknown
  readonly stop: () => unknown
}

/** Starts and stops the work, and knows whether anything of it may be running. */
export interface WorkSwitch {
  readonly isOn: boolean
  /** Its start has failed, and so has its stop: it is on as far as anybody knows, and should not be. */
  readonly hasFailed: boolean
  on(): Promise<void>
  off(): Promise<void>
}

export function createWorkSwitch(work: Work): WorkSwitch {
  let isOn = false
  let hasFailed = false
  async function off(): Promise<void> {
    if (!isOn) return
    await work.stop()
    isOn = false
    hasFailed = false
  }
  return {
    get isOn() {
      return isOn
    },
    get hasFailed() {
      return hasFailed
    },
    async on() {
      // Before, not after: what fails halfway must be stopped like what runs.
      isOn = true
      try {
        await work.start()
      } catch (error) {
        hasFailed = true
        await off()
        throw error
      }
    },
    off,
  }
}

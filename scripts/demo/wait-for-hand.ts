import type { AdminClient } from '../../strangler/admin/admin-client.ts'
import type { GuidedCapability } from '../../strangler/admin/guide/migrate-contracts.ts'
import { showMode } from '../../strangler/cli/parse-mode.ts'
import { type Say, tellLines } from './narrate.ts'

type Gates = NonNullable<GuidedCapability['next']>['gates']

/** Notices what somebody has set by hand meanwhile: an endpoint that would not follow the step. */
export interface HandWatcher {
  /** Says it once, with the command that takes it back. @returns whether it stands in the way */
  isHeld(gates: Gates): Promise<boolean>
}

export interface HandWatcherOptions {
  readonly client: Pick<AdminClient, 'routes'>
  readonly capability: string
  readonly say: Say
}

export function createHandWatcher({ client, capability, say }: HandWatcherOptions): HandWatcher {
  let told = ''
  return {
    async isHeld(gates) {
      if (!gates.some(({ id, state }) => id === 'no-overrides' && state !== 'pass')) {
        if (told !== '') tellLines(say, '… Nothing is set by hand any more: it goes on.')
        told = ''
        return false
      }
      const { routes } = await client.routes()
      const set = routes.filter((route) => route.capability === capability && route.override !== undefined)
      const lines = set.map(
        ({ endpoint, setting }) =>
          `     ${endpoint} is ${showMode(setting)}: npx strangler route clear "${endpoint}"`,
      )
      if (lines.length > 0 && lines.join('\n') !== told) {
        tellLines(
          say,
          '✋ Set by hand, and so it would not follow the step. Look at it for as long as you like; I wait until it is taken back:',
        )
        for (const line of lines) say(line)
        told = lines.join('\n')
      }
      return true
    },
  }
}

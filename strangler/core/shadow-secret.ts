import { hkdfSync } from 'node:crypto'

/** What shadow requests are signed with: the kit and the services that trust its mark derive it from the worker token that they share. */
export function deriveShadowSecret(workerToken: string): Buffer {
  return Buffer.from(hkdfSync('sha256', workerToken, '', 'strangler shadow mark', 32))
}

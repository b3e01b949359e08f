import { checkConfig } from '../../../strangler/config/define-config.ts'
import { startKit } from '../../../strangler/kit.ts'
import type { Role } from '../../../strangler/kit-options.ts'

// A part of the kit in a process of its own. Its configuration, name and role are its arguments; it says its proxy's address, and ends when it is told to.
const [, , config = '{}', name = 'proxy', role = 'proxy'] = process.argv
const kit = await startKit(checkConfig(JSON.parse(config)), {
  ...{ role: role as Role, name, proxyPort: 0, adminPort: 0 },
  logFile: `${JSON.parse(config).directory}/${name}.log`,
})
process.stdout.write(`${kit.proxyUrl ?? 'no proxy'}\n`)
process.on('SIGTERM', () => {
  void kit.stop().then(() => process.exit(0))
})

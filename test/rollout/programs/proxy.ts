import { checkConfig } from '../../../strangler/config/define-config.ts'
import { startKit } from '../../../strangler/kit.ts'

// A proxy in a process of its own. Its configuration and its name are its arguments; it says its address, and ends when it is told to.
const [, , config = '{}', name = 'proxy'] = process.argv
const kit = await startKit(checkConfig(JSON.parse(config)), {
  ...{ role: 'proxy', name, proxyPort: 0, adminPort: 0 },
  logFile: `${JSON.parse(config).directory}/${name}.log`,
})
process.stdout.write(`${kit.proxyUrl}\n`)
process.on('SIGTERM', () => {
  void kit.stop().then(() => process.exit(0))
})

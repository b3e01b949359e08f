import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { takePort } from './take-port.ts'

export interface KitPorts {
  readonly proxyPort: number
  readonly adminPort: number
}

const USUAL: KitPorts = { proxyPort: 8080, adminPort: 8081 }

/**
 * The ports of the kit, settled before anything is started, because the shop is told where the proxy will be. A demo that begins again in
 * its folder comes back where it was: an open dashboard finds it by itself.
 */
export async function takeKitPorts(directory: string, say: (line: string) => void): Promise<KitPorts> {
  const file = path.join(directory, 'demo-ports.json')
  const usual = await readPorts(file)
  const ports = {
    proxyPort: await takePort('the proxy', usual.proxyPort, say),
    adminPort: await takePort('the admin API', usual.adminPort, say),
  }
  await writeFile(file, `${JSON.stringify(ports)}\n`)
  return ports
}

async function readPorts(file: string): Promise<KitPorts> {
  try {
    const { proxyPort, adminPort } = JSON.parse(await readFile(file, 'utf8')) as Partial<KitPorts>
    const isPort = (value: unknown) => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536
    if (isPort(proxyPort) && isPort(adminPort)) return { proxyPort, adminPort } as KitPorts
  } catch {
    // None yet, or cut short by a full disk: the usual ones then.
  }
  return USUAL
}

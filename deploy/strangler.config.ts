import { defineConfig } from 'strangler-kit'
import shop from '../strangler.config.ts'

/** What differs from the sample's own configuration when it runs in containers; both docker-compose.yml and deploy/kubernetes use it. */
const { inventory, orders } = shop.capabilities ?? {}
if (inventory === undefined || orders === undefined)
  throw new Error('strangler.config.ts has lost a capability.')

export default defineConfig({
  ...shop,
  capabilities: {
    orders,
    inventory: {
      ...inventory,
      writers: [{ role: 'shop', application: 'shop', because: 'the monolith behind the proxy' }],
    },
  },
  // Gates of a minute are for the demo.
  demo: false,
  proxy: {
    host: process.env['PROXY_HOST'] ?? '0.0.0.0',
    trustedProxies: (process.env['TRUSTED_PROXIES'] ?? '').split(',').filter((block) => block !== ''),
  },
  // Behind the network of the containers; outside it is published on 127.0.0.1 only.
  admin: { host: process.env['ADMIN_HOST'] ?? '0.0.0.0' },
  directory: process.env['STRANGLER_DIRECTORY'] ?? '/var/lib/strangler',
})

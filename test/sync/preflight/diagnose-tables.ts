import { checkConfig } from '../../../strangler/config/define-config.ts'
import type { ConfigInput } from '../../../strangler/config/schema.ts'
import { diagnose } from '../../../strangler/doctor-part.ts'
import type { Finding } from '../../../strangler/sync/preflight/findings.ts'

type Tables = NonNullable<NonNullable<ConfigInput['capabilities']>[string]['tables']>

/** What the pre-flight finds about some tables of two databases. */
export async function diagnoseTables(
  urls: { readonly monolith: string; readonly service: string },
  tables: Tables,
  writers: { readonly role: string; readonly application?: string; readonly because: string }[] = [],
): Promise<readonly Finding[]> {
  const side = (database: string) => ({ url: 'http://127.0.0.1:1', database })
  const config = checkConfig({
    sides: { monolith: side(urls.monolith), shop: side(urls.service) },
    capabilities: { shop: { endpoints: ['GET /shop'], tables, writers } },
  })
  const [found] = await diagnose({ config, queue: undefined, report: () => undefined }, 'shop')
  return found?.findings ?? []
}

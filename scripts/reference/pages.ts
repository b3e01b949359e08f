import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { writeAdminPage } from './admin-shapes.ts'
import { writeCliPage } from './cli-page.ts'
import { writeConfigPage } from './config-page.ts'
import { writeDoctorPage } from './doctor-page.ts'
import { writeErrorsPage } from './errors-page.ts'
import { writeLogPage } from './log-page.ts'
import { writeMetricsPage } from './metrics-page.ts'
import { writeSyncTypesPage } from './sync-types-page.ts'

/** Where the pages of reference are. */
export const REFERENCE = path.join(import.meta.dirname, '../../docs/reference')

/** Every page that is written from the code, by its name, as it should be. */
export async function writePages(): Promise<Record<string, string>> {
  return {
    'admin-api.md': writeAdminPage(await readFile(path.join(REFERENCE, 'admin-api.md'), 'utf8')),
    'cli.md': writeCliPage(),
    'config.md': writeConfigPage(),
    'doctor.md': writeDoctorPage(),
    'errors.md': writeErrorsPage(),
    'log.md': writeLogPage(),
    'metrics.md': writeMetricsPage(),
    'sync-types.md': await writeSyncTypesPage(),
  }
}

import { requireProgram } from '../../support/optional.ts'
import { SUBJECTS, type SubjectName } from '../rows.ts'
import { kitSubject } from './kit.ts'
import { nginxSubject, readNginxVersion } from './nginx.ts'
import type { Subject } from './subject.ts'

const chosen = process.env['CONFORMANCE_SUBJECTS']?.split(',') ?? SUBJECTS
const nginx = await requireProgram('nginx')

const all: readonly (Subject & { name: SubjectName })[] = [
  { ...kitSubject('undici'), name: 'undici' },
  { ...kitSubject('http-proxy-middleware'), name: 'http-proxy-middleware' },
  ...(nginx === undefined ? [] : [{ ...nginxSubject(nginx.path), name: 'nginx' as const }]),
]

/** The subjects that can run on this machine; CONFORMANCE_SUBJECTS (a list with commas) runs fewer. */
export const subjects = all.filter(({ name }) => chosen.includes(name))

/** The version of this machine's nginx; undefined when there is none. */
export const nginxVersion = nginx === undefined ? undefined : readNginxVersion(nginx.path)

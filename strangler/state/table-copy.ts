import type { ReportError } from '../core/ports.ts'
import { type LastGood, readLastGood, writeLastGood } from './last-good-table.ts'

/** A proxy's table on its own disk, by which it serves when the control database is away. */
export interface TableCopy {
  /** What an earlier run of this proxy has left. */
  read(): Promise<LastGood | undefined>
  /** Never rejects: that the disk is full must not end the serving. */
  keep(content: LastGood): Promise<void>
  /** The version that a crash would bring back, once what is being written is there. */
  keptVersion(): Promise<number | undefined>
}

export interface TableCopyOptions {
  readonly directory: string
  /** Tells the proxies of one directory apart. */
  readonly name: string
  readonly report: ReportError
}

export function createTableCopy({ directory, name, report }: TableCopyOptions): TableCopy {
  let saving: Promise<void> = Promise.resolve()
  let savedVersion: number | undefined
  return {
    read: () => readLastGood(directory, { name, report }),
    keep(content) {
      saving = writeLastGood(directory, content, { name }).then(
        () => {
          savedVersion = content.state.version
        },
        (error: unknown) => report('keep the table on disk', error),
      )
      return saving
    },
    async keptVersion() {
      await saving
      return savedVersion
    },
  }
}

/** Of a process that is no proxy: nobody waits for it, so it has nothing to come back with. */
export const NO_COPY: TableCopy = {
  read: async () => undefined,
  keep: async () => undefined,
  keptVersion: async () => undefined,
}

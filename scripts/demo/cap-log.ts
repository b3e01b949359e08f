import { copyFile, stat, truncate, writeFile } from 'node:fs/promises'

const LIMIT_BYTES = 50_000_000
const LOOK_MS = 5_000

/**
 * Empties the log, and from then on keeps it from filling the disk: past the limit it is set aside once, as `<file>.1`, and begins
 * anew. It is cut in place, because the kit has it open for appending.
 */
export async function capLog(
  file: string,
  { limitBytes = LIMIT_BYTES, everyMs = LOOK_MS, onError = (_error: unknown): void => undefined } = {},
): Promise<{ stop(): void }> {
  await writeFile(file, '', { mode: 0o600 })
  const look = async () => {
    if ((await stat(file)).size <= limitBytes) return
    await copyFile(file, `${file}.1`)
    await truncate(file)
  }
  let timer: NodeJS.Timeout | undefined
  // One look after the other: two at once would set aside what the first has just emptied.
  const lookAgain = () => {
    timer = setTimeout(
      () =>
        void look()
          .catch(onError)
          .then(() => timer && lookAgain()),
      everyMs,
    )
  }
  lookAgain()
  return {
    stop: () => {
      clearTimeout(timer)
      timer = undefined
    },
  }
}

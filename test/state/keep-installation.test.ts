import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { StranglerError } from '../../strangler/core/errors.ts'
import { keepInstallation } from '../../strangler/state/keep-installation.ts'

let directory: string
let asked: number
let reports: unknown[]
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'strangler-installation-'))
  asked = 0
  reports = []
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const keep = (read: () => Promise<string>) =>
  keepInstallation({
    directory,
    report: (operation, error) => reports.push([operation, error]),
    read: () => {
      asked += 1
      return read()
    },
  })
const away = async () => {
  throw new StranglerError('STRANGLER_CONTROL_DATABASE_UNREACHABLE', 'It is away.')
}

it('asks the control database once, and leaves a copy for a start without it', async () => {
  const installation = keep(async () => 'a1b2c3')
  expect([await installation(), await installation(), asked]).toEqual(['a1b2c3', 'a1b2c3', 1])
  expect(await keep(away)()).toBe('a1b2c3')
  expect(reports).toEqual([])
})

it('goes by the control database as soon as it answers, whatever the copy says', async () => {
  await writeFile(join(directory, 'installation'), 'of-another-day\n')
  let isAway = true
  const installation = keep(async () => (isAway ? away() : 'a1b2c3'))
  expect(await installation()).toBe('of-another-day')
  isAway = false
  expect(await installation()).toBe('a1b2c3')
  expect(await readFile(join(directory, 'installation'), 'utf8')).toBe('a1b2c3\n')
})

it('knows nothing before the control database has answered once', async () => {
  await expect(keep(away)()).rejects.toMatchObject({ code: 'STRANGLER_CONTROL_DATABASE_UNREACHABLE' })
})

it('does not take another failure for an absence', async () => {
  await writeFile(join(directory, 'installation'), 'a1b2c3\n')
  const broken = keep(async () => {
    throw new Error('permission denied')
  })
  await expect(broken()).rejects.toThrow('permission denied')
})

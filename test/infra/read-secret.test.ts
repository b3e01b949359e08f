import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readSecret } from '../../strangler/infra/read-secret.ts'

let folder: string
let file: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'strangler-secret-'))
  file = path.join(folder, 'token')
  await writeFile(file, 'from the file\n')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('a secret comes from its variable, else from the file that is named, without its line feed', () => {
  expect(readSecret({ TOKEN: 'given', TOKEN_FILE: file }, 'TOKEN')).toBe('given')
  expect(readSecret({ TOKEN: '', TOKEN_FILE: file }, 'TOKEN')).toBe('from the file')
  expect(readSecret({}, 'TOKEN')).toBeUndefined()
  expect(readSecret({ TOKEN_FILE: '' }, 'TOKEN')).toBeUndefined()
})

test('a file that is not there is named, and so is its variable', () => {
  expect(() => readSecret({ TOKEN_FILE: path.join(folder, 'gone') }, 'TOKEN')).toThrow(
    /TOKEN_FILE is .*gone.*ENOENT/,
  )
})

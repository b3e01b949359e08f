import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findToken, loadTokens, tokensPath } from '../../strangler/admin/tokens.ts'

let directory: string

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'strangler-tokens-')), 'kit')
})
afterEach(() => rm(join(directory, '..'), { recursive: true, force: true }))

describe('the tokens', () => {
  it('are made once, at random, for their owner only', async () => {
    const made = await loadTokens(directory, {})
    expect(made.operator).not.toBe(made.viewer)
    expect(made.operator.length).toBeGreaterThan(40)
    expect(await loadTokens(directory, {})).toEqual(made)
    expect((await stat(tokensPath(directory))).mode & 0o777).toBe(0o600)
    expect(await findToken(directory, {})).toEqual({ token: made.operator, source: tokensPath(directory) })
  })

  it('are the same for processes that ask at the same moment', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => loadTokens(directory, {})))
    expect(new Set(all.map(({ operator }) => operator)).size).toBe(1)
    expect(await readdir(directory)).toEqual(['tokens.json'])
  })

  it('are the environment’s where it has them', async () => {
    const operator = 'o'.repeat(16)
    const viewer = 'v'.repeat(16)
    const env = { STRANGLER_OPERATOR_TOKEN: operator, STRANGLER_VIEWER_TOKEN: viewer }
    expect(await loadTokens(directory, env)).toEqual({ operator, viewer })
    expect((await loadTokens(directory, { STRANGLER_OPERATOR_TOKEN: operator })).operator).toBe(operator)
    expect(await findToken(directory, env)).toEqual({ token: operator, source: 'STRANGLER_OPERATOR_TOKEN' })
    expect(await findToken(directory, { ...env, STRANGLER_TOKEN: 'mine' })).toMatchObject({ token: 'mine' })
  })

  it('become private again when somebody has opened their file', async () => {
    await loadTokens(directory, {})
    await chmod(tokensPath(directory), 0o644)
    await loadTokens(directory, {})
    expect((await stat(tokensPath(directory))).mode & 0o777).toBe(0o600)
  })

  it.each([
    ['too short', { STRANGLER_OPERATOR_TOKEN: 'short' }],
    ['not for a header', { STRANGLER_VIEWER_TOKEN: `${'x'.repeat(20)}\n` }],
    ['equal', { STRANGLER_OPERATOR_TOKEN: 'x'.repeat(20), STRANGLER_VIEWER_TOKEN: 'x'.repeat(20) }],
  ])('that are %s are refused', async (_, env) => {
    await expect(loadTokens(directory, env)).rejects.toMatchObject({ code: 'STRANGLER_CONFIG_INVALID' })
  })

  it('in a broken file are refused without quoting it', async () => {
    await loadTokens(directory, {})
    await writeFile(tokensPath(directory), '{"operator":"a-secret-that-is-cut')
    const error = await loadTokens(directory, {}).catch((thrown) => thrown)
    expect(error.code).toBe('STRANGLER_CONFIG_INVALID')
    expect(error.message).toContain(tokensPath(directory))
    expect(`${error.stack}${error.cause}`).not.toContain('a-secret')
  })
})

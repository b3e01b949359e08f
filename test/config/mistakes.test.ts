import { describe, expect, it } from 'vitest'
import { checkConfig } from '../../strangler/config/define-config.ts'

const sides = { monolith: 'http://127.0.0.1:3000' }

function mistakeOf(config: object): string {
  try {
    checkConfig(config)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('the configuration was accepted')
}

describe('a mistake in the configuration', () => {
  it.each<[string, object, string]>([
    ['an unknown key', { sides, proxy: { prot: 80 } }, '`proxy.prot` in strangler.config.ts is 80'],
    [
      'a short form',
      { sides: { monolith: 'ftp://a' } },
      '`sides.monolith` in strangler.config.ts is "ftp://a"',
    ],
    [
      'a long form',
      { sides: { monolith: { url: 'x' } } },
      '`sides.monolith.url` in strangler.config.ts is "x"',
    ],
    [
      'a mode',
      { sides, capabilities: { a: { endpoints: [{ endpoint: 'GET /', mode: 'canari' }] } } },
      '`capabilities.a.endpoints.0.mode` in strangler.config.ts is "canari"',
    ],
    ['a missing part', {}, '`sides` in strangler.config.ts is undefined'],
    ['something else altogether', [], '`the default export` in strangler.config.ts is []'],
  ])('in %s is named as it was written', (_, config, named) => {
    expect(mistakeOf(config)).toContain(named)
  })

  it.each<[object, string, string]>([
    [{ sides, capabilites: {} }, 'capabilites', 'capabilities'],
    [{ sides, capabilities: { a: { endpoint: ['GET /'] } } }, 'capabilities.a.endpoint', 'endpoints'],
    [{ sides: { monolith: { uri: 'http://a' } } }, 'sides.monolith.uri', 'url'],
    [{ sides, proxy: { deadlines: { headerMs: 1 } } }, 'proxy.deadlines.headerMs', 'headersMs'],
    [
      { sides, capabilities: { a: { endpoints: [{ endpoint: 'GET /', efect: 'read' }] } } },
      'capabilities.a.endpoints.0.efect',
      'effect',
    ],
  ])('%j is told by the key that was typed, with the one that was meant', (config, typed, meant) => {
    expect(() => checkConfig(config)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(`\`${typed}\` in`),
        fix: expect.stringContaining(`Did you mean \`${meant}\`?`),
      }),
    )
  })

  it('does not show a password', () => {
    const message = mistakeOf({ sides, control: { uri: 'postgres://kit:secret@db:5432/kit' } })
    expect(message).toContain('postgres://kit:…@db:5432/kit')
    expect(message).not.toContain('secret')
  })

  it.each([
    ['of another kind', 'oracle://kit:s@cr/et@db:5432/kit', '`sides.monolith.database`'],
    ['without slashes', 'postgres:/kit:s@cret@db', '`sides.monolith.database`'],
    ['with the password behind it', 'postgres://db:5432?password=s@cret', 'names no database'],
  ])('does not show the password of a database address %s', (_, database, named) => {
    const message = mistakeOf({ sides: { monolith: { url: 'http://127.0.0.1:3000', database } } })
    expect(message).toContain(named)
    expect(message).not.toMatch(/cret|cr.et/)
  })
})

describe('the tables of a capability', () => {
  const withTables = (tables: unknown[]) =>
    checkConfig({
      sides: { monolith: 'http://127.0.0.1:1', a: 'http://127.0.0.1:2' },
      capabilities: { a: { endpoints: ['GET /a'], tables } },
    }).capabilities['a']?.tables

  it('may be names alone, or say how they map', () => {
    const unmap = (row: object) => ({ ...row })
    const mapped = { table: 'stock', as: 'levels', columns: { qty: 'quantity', old: null }, unmap }
    expect(withTables(['stock', mapped])).toEqual([{ table: 'stock' }, mapped])
  })

  it('are refused where a mapping is not a function', () => {
    expect(() => withTables([{ table: 'a', map: 'upper' }])).toThrow('is not a function from a row to a row')
  })
})

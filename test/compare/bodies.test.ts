import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { answer, compare, tell } from './answers.ts'

const ENCODERS = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
  deflate: deflateSync,
}
const encoded = (encoding: string, body: Uint8Array) =>
  answer(body, { headers: ['Content-Encoding', encoding] })

describe('content-encoding', () => {
  test.each(Object.entries(ENCODERS))('%s is taken off before anything is compared', (name, encode) => {
    const plain = answer('{"a":1}')
    expect(tell(compare(encoded(name, encode('{"a":1}')), plain))).toEqual(['same'])
    expect(tell(compare(encoded(name, encode('{"a":2}')), plain))).toEqual(['value $.a'])
  })

  test('deflate without its frame is read too, and several encodings in their order', () => {
    const plain = answer('{"a":1}')
    expect(tell(compare(encoded('deflate', deflateRawSync('{"a":1}')), plain))).toEqual(['same'])
    const twice = encoded('gzip, BR', brotliCompressSync(gzipSync('{"a":1}')))
    expect(tell(compare(twice, plain))).toEqual(['same'])
  })

  test.each(Object.entries(ENCODERS))('a small %s body that unfolds to 10 MiB is skipped', (name, encode) => {
    const bomb = encoded(name, encode(Buffer.alloc(10 * 2 ** 20)))
    expect(bomb.body.length).toBeLessThan(100_000)
    expect(tell(compare(bomb, answer('{}')))).toEqual(['skipped too-large'])
    expect(tell(compare(answer('{}'), bomb))).toEqual(['skipped too-large'])
  })

  test('what is not encoded as it says is a difference, unless both are the same', () => {
    const broken = encoded('gzip', Buffer.from('not gzip'))
    expect(tell(compare(broken, answer('{"a":1}')))).toEqual(['undecodable $'])
    expect(tell(compare(broken, broken))).toEqual(['same'])
    expect(tell(compare(encoded('gzip', gzipSync('{"a":1}').subarray(0, 20)), answer('{"a":1}')))).toEqual([
      'undecodable $',
    ])
  })

  test('an encoding that nobody knows is skipped, and so is a tower of them', () => {
    const plain = answer('{}')
    expect(tell(compare(encoded('compress', Buffer.from('x')), plain))).toEqual(['skipped encoding'])
    expect(tell(compare(encoded('constructor', Buffer.from('x')), plain))).toEqual(['skipped encoding'])
    expect(tell(compare(encoded('br, br, br, br', Buffer.from('x')), plain))).toEqual(['skipped encoding'])
  })
})

describe('charset', () => {
  const text = (body: Uint8Array, type: string) => answer(body, { type })
  const utf8 = text(Buffer.from('Grüße'), 'text/plain; charset=utf-8')

  test('the same words in another charset are the same body, under another header', () => {
    const latin1 = text(Buffer.from('Grüße', 'latin1'), 'text/plain; charset=ISO-8859-1')
    expect(tell(compare(utf8, latin1))).toEqual(['header header:content-type'])
    const utf16 = text(Buffer.from('\ufeffGrüße', 'utf16le'), 'text/plain; charset=utf-8')
    expect(tell(compare(utf8, utf16))).toEqual(['same'])
  })

  test('a wrong charset makes a body undecodable, never equal to another wrong one', () => {
    const wrong = (byte: number) => text(Uint8Array.of(0x61, byte, 0x62), 'text/plain; charset=utf-8')
    expect(tell(compare(utf8, wrong(0xff)))).toEqual(['undecodable $'])
    expect(tell(compare(wrong(0xff), wrong(0xfe)))).toEqual(['value $.sha256'])
    expect(tell(compare(wrong(0xff), wrong(0xff)))).toEqual(['same'])
    expect(tell(compare(utf8, text(Buffer.from('Grüße!'), 'text/plain; charset=klingon')))).toEqual([
      'header header:content-type',
      'undecodable $',
    ])
  })

  test('JSON with a byte order mark, and JSON in UTF-16, are JSON', () => {
    expect(tell(compare(answer('\ufeff{"a":1}'), answer('{"a": 1}')))).toEqual(['same'])
    const utf16 = answer(Buffer.from('\ufeff{"a":{"b":1},"c":2}', 'utf16le'))
    expect(tell(compare(utf16, answer('{"a":{"b":1},"c":2}')))).toEqual(['same'])
    const duplicate = answer(Buffer.from('\ufeff{"a":1,"a":2}', 'utf16le'))
    expect(tell(compare(duplicate, answer('{"a":2}')))).toEqual(['value $'])
  })
})

describe('media types', () => {
  const html = (body: string) => answer(body, { type: 'text/html; charset=utf-8' })
  test.each<[string, string, string, string[]]>([
    [
      'space, comments and the order of attributes',
      '<p id=a class="b">x  <!-- c -->y</p>',
      '<p class=b id=a>x\n y</p>',
      ['same'],
    ],
    ['entities', '<p>a&amp;b</p>', '<p>a&#38;b</p>', ['same']],
    ['text', '<div><p>a</p><p>b</p></div>', '<div><p>a</p><p>c</p></div>', ['value $.div[].p[].#text']],
    ['an attribute', '<a href="/x">y</a>', '<a href="/z">y</a>', ['value $.a[].@href']],
    ['an element', '<ul><li>1</li></ul>', '<ul></ul>', ['missing $.ul[].li']],
    [
      'an element named as what objects have by birth',
      '<constructor>1</constructor>',
      '<p>1</p>',
      ['missing $.constructor', 'extra $.p'],
    ],
    [
      'a script',
      '<script>let a = "<p>"</script>',
      '<script>let b = "<p>"</script>',
      ['value $.script[].#text'],
    ],
  ])('HTML by text and attributes: %s', (_what, primary, shadow, expected) => {
    expect(tell(compare(html(primary), html(shadow)))).toEqual(expected)
  })

  test('XML as it is written', () => {
    const xml = (body: string) => answer(body, { type: 'application/soap+xml' })
    expect(tell(compare(xml('<A><b/></A>'), xml('<A> <b></b></A>')))).toEqual(['same'])
    expect(tell(compare(xml('<A><![CDATA[x]]></A>'), xml('<A>y</A>')))).toEqual(['value $.A[].#text'])
  })

  test('forms by field', () => {
    const form = (body: string) => answer(body, { type: 'application/x-www-form-urlencoded' })
    expect(tell(compare(form('a=1&b=x+y'), form('b=x%20y&a=1')))).toEqual(['same'])
    expect(tell(compare(form('a=1&a=2'), form('a=1&a=3')))).toEqual(['value $.a[]'])
  })

  test('JSON lines by line', () => {
    const lines = (body: string) => answer(body, { type: 'application/x-ndjson' })
    expect(tell(compare(lines('{"a":1}\n{"a":2}\n'), lines('{"a":1}\n{"a":3}')))).toEqual(['value $[].a'])
  })

  const part = (boundary: string, value: string) =>
    answer(
      `--${boundary}\r\nContent-Type: application/json\r\n\r\n{"a":${value}}\r\n--${boundary}\r\n\r\nplain\r\n--${boundary}--\r\n`,
      { type: `multipart/mixed; boundary=${boundary}` },
    )

  test('multipart by part, whatever the boundary', () => {
    expect(tell(compare(part('x', '1'), part('"yy y"'.replaceAll('"', ''), '1')))).toEqual(['undecodable $'])
    expect(tell(compare(part('x', '1'), part('yyy', '1')))).toEqual(['same'])
    expect(tell(compare(part('x', '1'), part('yyy', '2')))).toEqual(['value $[].body.a'])
  })

  test('everything else by its bytes', () => {
    const png = (body: string) => answer(body, { type: 'image/png' })
    expect(tell(compare(png('abc'), png('abd')))).toEqual(['value $.sha256'])
    expect(tell(compare(png('abc'), png('abcd'))).sort()).toEqual(['value $.length', 'value $.sha256'])
  })

  test('a long text shows where it begins to differ', () => {
    const text = (end: string) => answer(`${'x'.repeat(2 ** 20)}${end}`, { type: 'text/plain' })
    expect(compare(text('left'), text('right'))).toMatchObject({
      differences: [
        { primary: expect.stringMatching(/^"…x{40}left"$/), shadow: expect.stringContaining('right') },
      ],
    })
  })
})

describe('answers without a body', () => {
  test.each([
    ['an empty one', 'GET', 200, '', '', ['same']],
    ['to a HEAD', 'HEAD', 200, '', '{"a":1}', ['same']],
    ['204', 'GET', 204, '', 'x', ['same']],
    ['304', 'GET', 304, '', 'x', ['same']],
    ['a redirect, whose page nobody reads', 'GET', 302, '<a>there</a>', 'Found', ['same']],
    ['one is empty', 'GET', 200, '', '{"a":1}', ['extra $']],
  ])('%s', (_what, method, status, one, other, expected) => {
    expect(tell(compare(answer(one, { status }), answer(other, { status }), {}, { method }))).toEqual(
      expected,
    )
  })

  test('an empty body is empty in every encoding', () => {
    expect(tell(compare(encoded('gzip', Buffer.alloc(0)), answer('')))).toEqual(['same'])
  })

  test('a stream of events is not compared', () => {
    const events = answer('data: 1\n\n', { type: 'text/event-stream' })
    expect(tell(compare(events, events))).toEqual(['skipped streaming'])
  })

  test('of answers with another status only the status and headers are told', () => {
    expect(tell(compare(answer('{"a":1}'), answer('{"error":"x"}', { status: 500 })))).toEqual([
      'status status',
    ])
  })
})

describe('headers', () => {
  const with_ = (...headers: string[]) => answer('', { headers })
  test.each<[string, string[], string[], string[]]>([
    [
      'case and order of what is a list',
      ['Cache-Control', 'no-store, Private'],
      ['cache-control', 'private,no-store'],
      ['same'],
    ],
    ['what is not compared', ['X-Powered-By', 'a', 'Date', '1'], ['X-Powered-By', 'b'], ['same']],
    ['a missing one', ['Cache-Control', 'no-store'], [], ['header header:cache-control']],
    ['a redirect to the other side', ['Location', 'http://a/x'], ['Location', '/x'], ['same']],
    ['a redirect elsewhere', ['Location', 'http://a/x'], ['Location', '/y'], ['header header:location']],
    [
      'the values of cookies',
      ['Set-Cookie', 'sid=1; Path=/; Expires=x'],
      ['Set-Cookie', 'sid=2; path=/'],
      ['same'],
    ],
    [
      'who gets a cookie',
      ['Set-Cookie', 'sid=1; HttpOnly'],
      ['Set-Cookie', 'sid=1'],
      ['header header:set-cookie[sid]'],
    ],
    [
      'a cookie more',
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
      ['header header:set-cookie[b]'],
    ],
  ])('%s', (_what, primary, shadow, expected) => {
    expect(tell(compare(with_(...primary), with_(...shadow), { baseUrls: ['http://a'] }))).toEqual(expected)
  })

  test('another media type is a kind of its own; a charset of JSON says nothing', () => {
    expect(tell(compare(answer('{}'), answer('{}', { type: 'text/html' })))).toEqual([
      'content-type content-type',
    ])
    expect(tell(compare(answer('{}'), answer('{}', { type: 'application/json; charset=UTF-8' })))).toEqual([
      'same',
    ])
  })

  test('are those that a rule names', () => {
    const [one, other] = [with_('ETag', 'a', 'Link', 'x'), with_('ETag', 'b', 'Link', 'y')]
    expect(tell(compare(one, other, { headers: ['ETag'] }))).toEqual(['header header:etag'])
  })
})

/**
 * Heads that two parsers may frame in two ways, by what is wrong with them: the framing header lines of a POST whose body
 * is the chunked `hello`. Sources: RFC 9112 §6.3 and §5.2, James Kettle's desync corpus, CVE-2026-29057.
 */
export const AMBIGUOUS_HEADS: Readonly<Record<string, string>> = {
  'Content-Length and Transfer-Encoding': 'Content-Length: 4\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding and Content-Length': 'Transfer-Encoding: chunked\r\nContent-Length: 4',
  'an unknown transfer coding': 'Transfer-Encoding: xchunked',
  'chunked that is not the last coding': 'Transfer-Encoding: chunked, identity',
  'a coding before chunked': 'Transfer-Encoding: gzip, chunked',
  'chunked twice': 'Transfer-Encoding: chunked, chunked',
  'the identity coding': 'Transfer-Encoding: identity',
  'two Transfer-Encoding lines that disagree': 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'two Transfer-Encoding lines, the other way round':
    'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
  'two Transfer-Encoding lines and a nonsense coding': 'Transfer-Encoding: chunked\r\nTransfer-encoding: cow',
  'a space before the colon of Transfer-Encoding': 'Transfer-Encoding : chunked',
  'a vertical tab before chunked': 'Transfer-Encoding: \x0bchunked',
  'a quoted chunked': 'Transfer-Encoding: "chunked"',
  'a NUL within Transfer-Encoding': 'Transfer-Encoding: chun\0ked',
  'a folded Transfer-Encoding (obs-fold)': 'Transfer-Encoding:\r\n chunked',
  'a folded Content-Length (obs-fold)': 'Content-Length:\r\n 5',
  'a folded header that hides a Transfer-Encoding':
    'X-Padding: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 5',
  'a fold in the first header line': ' Content-Length: 5\r\nTransfer-Encoding: chunked',
  'a bare LF before Transfer-Encoding': 'X-Padding: a\nTransfer-Encoding: chunked',
  'a bare CR before Transfer-Encoding': 'X-Padding: a\rTransfer-Encoding: chunked',
  'a bare LF behind Content-Length': 'Content-Length: 5\nX-Padding: a',
  'two different Content-Lengths': 'Content-Length: 5\r\nContent-Length: 6',
  'a list of two different Content-Lengths': 'Content-Length: 5, 6',
  'the same Content-Length twice': 'Content-Length: 5\r\nContent-Length: 5',
  'a Content-Length with a plus sign': 'Content-Length: +5',
  'a negative Content-Length': 'Content-Length: -5',
  'a hexadecimal Content-Length': 'Content-Length: 0x5',
  'an empty Content-Length': 'Content-Length:',
  'a Content-Length with text behind it': 'Content-Length: 5 a',
  'a Content-Length that overflows 64 bits': 'Content-Length: 18446744073709551621',
  'a space within a header name': 'X Padding: a\r\nContent-Length: 5',
  'a header line without a name': ': a\r\nContent-Length: 5',
  'a header line without a colon': 'X-Padding\r\nContent-Length: 5',
  'a NUL in a header value': 'X-Padding: a\0b\r\nContent-Length: 5',
  'two Host lines': 'Host: other.test\r\nContent-Length: 5',
}

/** Chunked bodies that two parsers may end in two places, by what is wrong with them. */
export const AMBIGUOUS_BODIES: Readonly<Record<string, string>> = {
  'a bare LF behind the chunk size': '5\nhello\r\n0\r\n\r\n',
  'a bare LF within a chunk extension': '5;a\nb\r\nhello\r\n0\r\n\r\n',
  'a bare LF behind the chunk data': '5\r\nhello\n0\r\n\r\n',
  'a bare CR behind the chunk size': '5\rhello\r\n0\r\n\r\n',
  'a chunk size with a prefix': '0x5\r\nhello\r\n0\r\n\r\n',
  'a chunk size with a plus sign': '+5\r\nhello\r\n0\r\n\r\n',
  'a negative chunk size': '-5\r\nhello\r\n0\r\n\r\n',
  'a chunk size that overflows': 'FFFFFFFFFFFFFFFFF5\r\nhello\r\n0\r\n\r\n',
  'a chunk longer than its size': '3\r\nhello\r\n0\r\n\r\n',
  'an empty chunk size': '\r\nhello\r\n0\r\n\r\n',
  'a chunk size that is no number': 'five\r\nhello\r\n0\r\n\r\n',
}

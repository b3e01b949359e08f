/**
 * What an answer's headers may take, bytes. Node's own bound of 16 KiB refuses answers that clients take without it: a few dozen cookies and a
 * policy are enough. Whatever is longer is broken off before memory is.
 */
export const LONGEST_ANSWER_HEADERS = 262_144

/** Stands where a secret was. */
export const MASK = '‹masked›'

const BEARER = /\b(bearer|basic|token)\s+[\w+/=.~-]{8,}/gi
const JWT = /\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?/g
const SETTING =
  /\b((?:access_?token|refresh_?token|id_?token|token|api_?key|client_?secret|secret|password|passwd|signature|sig|code|session_?id|session|sid)=)[^&#;\s"'<]+/gi
const USER_INFO = /(:\/\/)[^/@\s"']{1,200}@/g

/** Takes out what looks like a credential wherever it stands: bearer tokens, JWTs, `token=…`, passwords in addresses. */
export function maskTokens(text: string): string {
  return text
    .replaceAll(JWT, MASK)
    .replaceAll(BEARER, `$1 ${MASK}`)
    .replaceAll(SETTING, `$1${MASK}`)
    .replaceAll(USER_INFO, `$1${MASK}@`)
}

/** Names of members, form fields and query parameters whose values are shown nowhere, whatever the rules say. */
const SECRET_NAMES = new Set([
  ...['password', 'passwd', 'pwd', 'passphrase', 'newpassword', 'oldpassword', 'passwordhash'],
  ...[
    'secret',
    'clientsecret',
    'token',
    'accesstoken',
    'refreshtoken',
    'idtoken',
    'authtoken',
    'csrftoken',
    'xsrftoken',
  ],
  ...[
    'apikey',
    'privatekey',
    'signature',
    'sig',
    'authorization',
    'cookie',
    'session',
    'sessionid',
    'sid',
    'jwt',
    'otp',
  ],
  ...['creditcard', 'cardnumber', 'cvv', 'cvc', 'iban', 'ssn'],
])

/** Case, `-` and `_` do not matter: `access_token`, `accessToken` and `Access-Token` are one name. So is `@secret`, an attribute. */
export function isSecretName(name: string): boolean {
  return name.length < 40 && SECRET_NAMES.has(name.replaceAll(/[-_.@]/g, '').toLowerCase())
}

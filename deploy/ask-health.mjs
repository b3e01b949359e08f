// The health check of every image: `node deploy/ask-health.mjs http://127.0.0.1:3000/healthz` ends with 0 if the answer is a good one.
const [, , address = ''] = process.argv
const answer = await fetch(address, { signal: AbortSignal.timeout(2_500) }).catch(() => undefined)
process.exitCode = answer?.ok === true ? 0 : 1

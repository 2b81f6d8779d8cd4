/** What the README's commands use of curl, for a machine that has none: `curl` in a shell of `shell()` is then this script. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { request } from 'undici';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string', short: 'd' },
    header: { type: 'string', short: 'H', multiple: true, default: [] },
    output: { type: 'string', short: 'o' },
    request: { type: 'string', short: 'X' },
    silent: { type: 'boolean', short: 's' },
    'write-out': { type: 'string', short: 'w', default: '' },
  },
});
const [url = ''] = positionals;
const { data, header, output, request: method } = values;
const form = data === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
const headers = header.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);

const startedAt = performance.now();
const { statusCode, body } = await request(url, {
  method: (method ?? (data === undefined ? 'GET' : 'POST')) as 'GET',
  headers: { 'user-agent': 'curl', accept: '*/*', ...form, ...Object.fromEntries(headers) },
  body: data ?? null,
});
const bytes = await body.bytes();
if (output === undefined) process.stdout.write(bytes);
else writeFileSync(output, bytes);
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(6);
process.stdout.write(
  values['write-out']
    .replaceAll('\\n', '\n')
    .replaceAll('%{http_code}', String(statusCode))
    .replaceAll('%{time_total}', seconds),
);

/**
 * Loaded into a process before its own code (`node --import`): names are answered from the file in `NAMES_FILE`, one
 * address a line, instead of by the system. No line: no such name. A line `silence`: a name server that never answers.
 */

import dns from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isIP } from 'node:net';

function lookup(hostname: string): Promise<{ address: string; family: number }[]> {
  const lines = readFileSync(String(process.env.NAMES_FILE), 'utf8').split('\n').filter(Boolean);
  if (lines.includes('silence')) return new Promise(() => undefined);
  const notFound = Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' });
  if (lines.length === 0) return Promise.reject(notFound);
  return Promise.resolve(lines.map((address) => ({ address, family: isIP(address) })));
}

Object.assign(dns, { lookup });
syncBuiltinESMExports();

import { getEventListeners } from 'node:events';
import axios from 'axios';
import { Pool } from 'undici';
import { expect, test } from 'vitest';
import { undiciAdapter } from '../src/undici-adapter.ts';

test('an abort is heard while a connection is being made (undici waits for its connect timeout)', async () => {
  const connecting = Promise.withResolvers<void>();
  // A host that swallows connections: never connected, never refused.
  const pool = new Pool('http://127.0.0.1:1', { connect: () => connecting.resolve() });
  const caller = new AbortController();
  const call = axios.request({ adapter: undiciAdapter(pool, 65_536), url: '/', signal: caller.signal });
  await connecting.promise;
  caller.abort();
  await expect(call).rejects.toMatchObject({ name: 'CanceledError' });
  expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
  await pool.destroy();
});

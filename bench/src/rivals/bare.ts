/** undici's pool on `node:http`, and nothing else: what a hop costs in Node at least. */
import { Pool } from 'undici';
import { GREETER_URL, pathOf, serve } from './rival.ts';

const pool = new Pool(GREETER_URL, { connections: 128 });

serve(async (name) => {
  const { statusCode, body } = await pool.request({ path: pathOf(name), method: 'GET' });
  if (statusCode !== 200) {
    await body.dump();
    throw new Error(`the greeter answered ${statusCode}`);
  }
  return body.json();
});

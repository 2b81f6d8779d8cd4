/** got, with a timeout and its own retries. */
import got from 'got';
import { GREETER_URL, pathOf, serve, TIMEOUT_MS } from './rival.ts';

const http = got.extend({ timeout: { request: TIMEOUT_MS }, retry: { limit: 2 } });

serve((name) => http.get(GREETER_URL + pathOf(name)).json());

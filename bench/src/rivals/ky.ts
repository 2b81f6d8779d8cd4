/** ky, with a timeout and its own retries. */
import ky from 'ky';
import { GREETER_URL, pathOf, serve, TIMEOUT_MS } from './rival.ts';

const http = ky.create({ timeout: TIMEOUT_MS, retry: 2 });

serve((name) => http.get(GREETER_URL + pathOf(name)).json());

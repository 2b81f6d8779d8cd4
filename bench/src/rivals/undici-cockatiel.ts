/** undici's pool in cockatiel's policies: retries, a breaker, a timeout that aborts. */
import {
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  SamplingBreaker,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import { Pool } from 'undici';
import { GREETER_URL, pathOf, serve, TIMEOUT_MS } from './rival.ts';

const pool = new Pool(GREETER_URL, { connections: 128 });
const policy = wrap(
  retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
  circuitBreaker(handleAll, {
    halfOpenAfter: 1_000,
    breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000 }),
  }),
  timeout(TIMEOUT_MS, TimeoutStrategy.Aggressive),
);

serve((name) =>
  policy.execute(async ({ signal }) => {
    const { statusCode, body } = await pool.request({ path: pathOf(name), method: 'GET', signal });
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`the greeter answered ${statusCode}`);
    }
    return body.json();
  }),
);

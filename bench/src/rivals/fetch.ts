/** Node's own `fetch`, with a timeout. */
import { GREETER_URL, pathOf, serve, TIMEOUT_MS } from './rival.ts';

serve(async (name) => {
  const answer = await fetch(GREETER_URL + pathOf(name), { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`the greeter answered ${answer.status}`);
  return answer.json();
});

import process from 'node:process';
import { Agent } from 'undici';
import type { Load } from '../experiment/format.ts';
import { unexpected } from './answer-words.ts';
import { arrivalsOf } from './arrivals.ts';
import { errorText, exchange } from './exchange.ts';
import { prepareMix } from './mix.ts';
import { outcomeOf } from './outcome.ts';
import { requestIdOf } from './request-id.ts';

/** A service that is slower than this when nothing is asked of it is not ready for load. Milliseconds. */
const PATIENCE_MS = 3_000;

/** Failures of a connection that have a plain meaning. */
const MEANINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
};

/**
 * Sends each request of the mix once, before there is any load: that nobody listens, or that the answer is not the expected one, is then
 * known at once. Ends with the first that is not answered as expected. Their numbers `{n}` are those after the last arrival.
 * @returns what is wrong, in a sentence; `undefined` when every answer is as expected
 */
export async function askOnce(url: string, load: Load, seed: number): Promise<string | undefined> {
  const agent = new Agent({ connect: { timeout: PATIENCE_MS } });
  const patienceMs = Math.min(PATIENCE_MS, load.timeoutMs);
  const first = arrivalsOf(load, seed).dueMs.length;
  try {
    for (const [index, asked] of prepareMix(load.mix, process.env).entries()) {
      const arrival = first + index;
      const what = `${asked.method} ${url}${asked.path(arrival)}`;
      const signal = AbortSignal.timeout(patienceMs);
      try {
        // oxlint-disable-next-line no-await-in-loop -- the first that fails is the last that is sent
        const answer = await exchange({ agent, url, asked, arrival, requestId: requestIdOf(seed, arrival), signal });
        if (/failed|wrong/.test(outcomeOf(answer, asked.expect, arrival)))
          return `${what}: ${unexpected(answer, asked.expect, { arrival, secrets: asked.secrets })}`;
      } catch (error) {
        if (signal.aborted) return `${what}: no answer within ${patienceMs} ms`;
        const code = errorText(error);
        return `${what}: no answer, ${code}${code in MEANINGS ? ` (${MEANINGS[code]})` : ''}`;
      }
    }
    return undefined;
  } finally {
    await agent.destroy();
  }
}

import { createHash } from 'node:crypto';
import { hello } from '@halfopen/greetings';
import { type Route, route } from '@halfopen/service-kit';

/** A greeting is never too old to be asked for anew, and good enough for a day when it cannot be (RFC 5861 §4). */
const CACHE_CONTROL = 'max-age=0, stale-if-error=86400';

export function helloRoute(): Route {
  return route(hello, ({ name = 'World' }, { answerHeaders }) => {
    const message = `Hello, ${name}!`;
    answerHeaders.etag = `"${createHash('sha256').update(message).digest('base64url').slice(0, 22)}"`;
    answerHeaders['cache-control'] = CACHE_CONTROL;
    return { message };
  });
}

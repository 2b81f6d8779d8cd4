import { createHash } from 'node:crypto';
import { hello } from '@halfopen/greetings';
import { type Route, route } from '@halfopen/service-kit';

/** Caches must revalidate a greeting each time, but may use it for a day if the greeter fails (RFC 5861 §4). */
const CACHE_CONTROL = 'max-age=0, stale-if-error=86400';

/** `GET /hello`. */
export function helloRoute(): Route {
  return route(hello, ({ name = 'World' }, { answerHeaders }) => {
    const message = `Hello, ${name}!`;
    answerHeaders.etag = `"${createHash('sha256').update(message).digest('base64url').slice(0, 22)}"`;
    answerHeaders['cache-control'] = CACHE_CONTROL;
    return { message };
  });
}

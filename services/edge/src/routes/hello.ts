import { edgeContract } from '@halfopen/contracts';
import { type Route, route, sayStale } from '@halfopen/service-kit';
import type { Downstreams } from '../downstreams.ts';

export function helloRoute({ greeter }: Downstreams): Route {
  return route(edgeContract.operations.hello, async (input, context) => {
    const { message } = await greeter.client.hello(input, { ...context, onStale: sayStale(context) });
    return { message };
  });
}

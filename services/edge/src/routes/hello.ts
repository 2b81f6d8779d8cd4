import { edgeContract } from '@halfopen/greetings';
import { type Route, route } from '@halfopen/service-kit';
import type { Downstreams } from '../downstreams.ts';
import { forRequest } from '../explain.ts';

export function helloRoute({ greeter }: Downstreams): Route {
  return route(edgeContract.operations.hello, async (input, context) => {
    const { message } = await greeter.client.hello(input, forRequest(context));
    return { message };
  });
}

import { Agent } from 'node:http';
import { type Call, createBalancer, type Endpoint } from '@halfopen/client';
import { chance, remoteError, testContext } from '@halfopen/testing';
import axios from 'axios';
import type { Figure, Measurement } from '../measurement.ts';
import { defaultBreaker } from '../stage/breaker.ts';
import { endOf, pause, percent } from '../stage/observe.ts';
import { JSON_TYPE, OK, withShop, withStandIn } from '../stage/on-sockets.ts';
import { onVirtualTime, openLoop } from '../stage/on-virtual-time.ts';
import { limitedAttempts } from '../stage/shop.ts';

const ENDPOINTS: readonly Endpoint[] = ['a', 'b', 'c'].map((host) => ({ origin: `http://${host}`, host }));
const ODD = 'http://a';

/** Chooses one of three endpoints for each call; the first one is odd. `close` releases the breakers. */
type Chooser = (attempt: Call<string>) => { readonly call: Call<string>; readonly close: () => void };

const inTurn: Chooser = (attempt) => {
  let next = 0;
  const members = ENDPOINTS.map((endpoint) => {
    const breaker = defaultBreaker();
    return { breaker, call: breaker.policy<string>((ctx) => attempt({ ...ctx, endpoint })) };
  });
  return {
    call: (ctx) => (members[next++ % members.length] as (typeof members)[number]).call(ctx),
    close: () => {
      for (const { breaker } of members) breaker.close();
    },
  };
};

const balanced: Chooser = (attempt) => {
  const balancer = createBalancer({
    guard: () => defaultBreaker(),
    random: chance(),
  });
  balancer.update(ENDPOINTS);
  return { call: balancer.policy(attempt), close: () => balancer.update([]) };
};

const LOAD = { ratePerS: 100, seconds: 60 };
const FAST_MS = 10;
const SLOW_MS = 300;
const GRAY_PERCENT = 40;

/** How many calls fail, and how many go to the odd endpoint. @param odd what that endpoint does */
const spread = (chooser: Chooser, odd: () => Promise<string>) =>
  onVirtualTime(async () => {
    let atOdd = 0;
    const { call, close } = chooser(async ({ endpoint }) => {
      if (endpoint?.origin !== ODD) {
        await pause(FAST_MS);
        return 'answer';
      }
      atOdd++;
      return odd();
    });
    const ends = await openLoop(LOAD, () => endOf(call(testContext())));
    close();
    return { atOddPercent: (100 * atOdd) / ends.length, failedPercent: percent(ends, (end) => end !== 'answer') };
  });

const slow = async () => {
  await pause(SLOW_MS);
  return 'answer';
};

function gray() {
  const random = chance(3);
  return async () => {
    await pause(FAST_MS);
    if (random() < GRAY_PERCENT / 100) throw remoteError(500);
    return 'answer';
  };
}

const CALLERS = 20;
const POSTS = 30;
const IDLE_MS = 5;

/** Sends POSTs over kept connections that the server closes just as they are used again. @returns how many were lost */
async function lostPosts(
  use: (url: string, withPost: (post: () => Promise<unknown>) => Promise<Figure>) => Promise<Figure>,
) {
  return withStandIn(
    (req, res) => {
      res.writeHead(200, JSON_TYPE).end(OK);
      // Sends no Keep-Alive header, and its idle limit equals the caller's usual pause.
      const { socket } = req;
      const idle = setTimeout(() => socket.destroy(), IDLE_MS);
      socket.once('data', () => clearTimeout(idle));
    },
    (url) =>
      use(url, async (post) => {
        let lost = 0;
        const caller = async () => {
          for (let n = 0; n < POSTS; n++) {
            if ((await endOf(post())) !== 'answer') lost++;
            await pause(IDLE_MS - 2 + Math.random() * 4);
          }
        };
        await Promise.all(Array.from({ length: CALLERS }, caller));
        return { amount: lost };
      }),
  );
}

export const BALANCER: readonly Measurement[] = [
  {
    id: 'round-robin-slow',
    antiPattern: 'Round robin',
    done: `3 endpoints, one takes ${SLOW_MS} ms instead of ${FAST_MS}, ${LOAD.ratePerS} calls per second: calls sent to it`,
    stage: 'simulated',
    library: undefined,
    say: (share) => `${share} %`,
    naive: async () => ({ amount: (await spread(inTurn, slow)).atOddPercent }),
    ours: async () => ({ amount: (await spread(balanced, slow)).atOddPercent }),
    shows: (naive, ours) => naive.amount > 2 * ours.amount,
  },
  {
    id: 'breaker-on-gray',
    antiPattern: 'Waiting for a breaker to open on a gray endpoint',
    done: `3 endpoints, one fails ${GRAY_PERCENT} % of its calls, a breaker for each, ${LOAD.seconds} s, no retries; naive: round robin: failed calls`,
    stage: 'simulated',
    library: undefined,
    say: (share) => `${share} %`,
    digits: 1,
    naive: async () => ({ amount: (await spread(inTurn, gray())).failedPercent }),
    ours: async () => ({ amount: (await spread(balanced, gray())).failedPercent }),
    shows: (naive, ours) => naive.amount > 4 * ours.amount,
  },
  {
    id: 'idle-connections',
    antiPattern: 'Idle connections kept longer than the server keeps them',
    done: `axios over a keep-alive agent, ${CALLERS} callers with ${POSTS} POSTs each, pauses close to the server's idle limit of ${IDLE_MS} ms: lost POSTs`,
    stage: 'sockets',
    library: 'axios',
    say: (posts) => `${posts} of ${CALLERS * POSTS}`,
    rounds: 3,
    naive: () =>
      lostPosts(async (url, withPost) => {
        const httpAgent = new Agent({ keepAlive: true });
        const figure = await withPost(() => axios.post(url, undefined, { httpAgent }));
        httpAgent.destroy();
        return figure;
      }),
    ours: () =>
      lostPosts((url, withPost) => withShop(url, limitedAttempts(1_500), (shop) => withPost(() => shop.order({})))),
    shows: (naive, ours) => naive.amount > 10 && ours.amount === 0,
  },
];

import { CallError, type DownstreamOptions, isCallError } from '@halfopen/client';
import { HEADERS, isProblemCode, PROBLEM_MEDIA_TYPE, PROBLEMS, type ProblemCode } from '@halfopen/contracts';
import { readConfig } from '@halfopen/edge/config';
import { createDownstreams, type Downstreams } from '@halfopen/edge/downstreams';
import { createLog } from '@halfopen/service-kit';
import { createAdmission } from '@halfopen/service-kit/admission';
import type { World } from '@halfopen/simulator';
import { Registry } from 'prom-client';
import type { Answer } from '../load/outcome.ts';

export interface SimulatedEdge {
  /**
   * Answers a request for a greeting. Rejects only with a bug: what fails in the system under test is an answer.
   */
  hello(request: EdgeRequest): Promise<Answer>;
  readonly status: () => ReturnType<Downstreams['greeter']['status']>;
  close(): Promise<void>;
}

interface EdgeRequest {
  readonly requestId: string;
  readonly name: string | undefined;
  /** The caller's `x-deadline-ms`, if it sent one. */
  readonly deadlineMs: number | undefined;
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal;
}

/**
 * The edge without sockets: its own settings, its own downstreams and its own admission, on the world's clock.
 * @param env its environment; the addresses of the greeters are added
 */
export function createSimulatedEdge(
  world: World,
  env: Readonly<Record<string, string>>,
  origins: readonly string[],
  transport: NonNullable<DownstreamOptions['transport']>,
): SimulatedEdge {
  const { clock } = world;
  const config = readConfig({ ...env, GREETER_URL: origins.join(',') });
  const shared = {
    clock,
    random: world.random('edge', 'policies'),
    registry: new Registry(),
    log: createLog('edge', 'silent'),
  };
  const { greeter } = createDownstreams(config, shared, transport);
  const admission = createAdmission({ maxInProgress: config.EDGE_MAX_IN_PROGRESS, maxQueued: config.EDGE_MAX_QUEUED });

  const call = async ({ requestId, name }: EdgeRequest, deadlineAt: number, signal: AbortSignal): Promise<Answer> => {
    let cacheStatus: string | undefined;
    try {
      const { message } = await greeter.client.hello(name === undefined ? {} : { name }, {
        headers: { [HEADERS.requestId]: requestId },
        deadlineAt,
        signal,
        onStale: () => {
          cacheStatus = 'halfopen; fwd=stale';
        },
      });
      return { status: 200, contentType: JSON_TYPE, cacheStatus, body: JSON.stringify({ message }) };
    } catch (error) {
      // Anything else is a bug, and not an outcome.
      if (!isCallError(error) || !isProblemCode(error.code)) throw error;
      return failed(error.code);
    }
  };

  return {
    hello(request) {
      const limitMs = Math.min(request.deadlineMs ?? config.EDGE_DEADLINE_MS, config.EDGE_DEADLINE_MS);
      const deadlineAt = clock.now() + limitMs;
      const ended = new AbortController();
      const cancelDeadline = clock.after(limitMs, () => {
        ended.abort(new CallError('deadline_exceeded', 'no answer before the deadline', { sent: 'perhaps' }));
      });
      const onLeft = () => ended.abort(new CallError('cancelled', 'the caller went away', { sent: 'perhaps' }));
      request.signal.addEventListener('abort', onLeft);
      return new Promise<Answer>((resolve, reject) => {
        const end = () => {
          cancelDeadline();
          request.signal.removeEventListener('abort', onLeft);
        };
        const refuse = (code: ProblemCode) => {
          end();
          resolve(failed(code));
        };
        // Until it is admitted, nothing but this hears of its end.
        const onEnded = () => refuse('deadline_exceeded');
        ended.signal.addEventListener('abort', onEnded);
        admission.enter(
          ended.signal,
          () => {
            ended.signal.removeEventListener('abort', onEnded);
            call(request, deadlineAt, ended.signal)
              .finally(() => {
                end();
                admission.leave();
              })
              .then(resolve, reject);
          },
          () => refuse('overloaded'),
        );
      });
    },
    status: greeter.status,
    close: greeter.close,
  };
}

const JSON_TYPE = 'application/json; charset=utf-8';

function failed(code: ProblemCode): Answer {
  const { status } = PROBLEMS[code];
  return { status, contentType: PROBLEM_MEDIA_TYPE, cacheStatus: undefined, body: JSON.stringify({ code, status }) };
}

import { refusals } from '../simulate/refusals.ts';
import type { Mistake } from './cross-checks.ts';
import type { Experiment, Hypothesis } from './format.ts';
import { missingVariables } from './placeholders.ts';

/** Where and how an experiment is going to be run. */
export interface Place {
  /** `url`: a service of which only the address is known. `simulated`: no processes. */
  readonly on: 'embedded' | 'compose' | 'url' | 'simulated';
  /** Whether there is a proxy that speaks the HTTP API of Toxiproxy. */
  readonly hasWire: boolean;
  /** The only variant that is run, if one was named. */
  readonly variant: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/** What an experiment needs and cannot have here. All of it is known before anything is started. */
export function placeChecks(experiment: Experiment, place: Place): Mistake[] {
  return [
    ...(place.on === 'simulated' ? refusals(experiment) : ofMethod(experiment, place)),
    ...(place.on === 'url' ? ofUrl(experiment, place) : []),
    ...missingVariables(experiment.load.mix, place.env).map(({ path, variable }) => ({
      path,
      message: `asks for the variable ${variable}, which is not in the environment`,
    })),
  ];
}

function ofMethod({ method }: Experiment, { on, hasWire }: Place): Mistake[] {
  return method.flatMap((fault, index): Mistake[] => {
    const at = (message: string) => [{ path: ['method', index, 'layer'], message }];
    if (fault.layer !== 'wire')
      return on === 'url' ? at('is not possible at a URL; only the wire can be broken there') : [];
    if (!hasWire) return at('needs a proxy that speaks the HTTP API of Toxiproxy: give its address with --wire URL');
    if (on !== 'embedded' && fault.proxy === undefined) {
      return at('needs proxy: only in the embedded system does the runner put one in front of each greeter');
    }
    return [];
  });
}

/** Behind a URL nothing can be counted. */
function ofUrl({ hypothesis, abortWhen }: Experiment, { variant }: Place): Mistake[] {
  const mistakes: Mistake[] = hypothesis.flatMap((one, index) =>
    speaksOf(one, variant) && /^(amplification|successPerAttempt)$/.test(one.metric)
      ? [
          {
            path: ['hypothesis', index, 'metric'],
            message: 'cannot be measured at a URL, because attempts cannot be counted there',
          },
        ]
      : [],
  );
  if (abortWhen?.edgeRssBytes !== undefined) {
    mistakes.push({
      path: ['abortWhen', 'edgeRssBytes'],
      message: 'cannot be measured at a URL, so this limit would stop nothing',
    });
  }
  return mistakes;
}

/**
 * Whether a hypothesis can be judged when only this variant is run.
 * @param variant `undefined`: all variants are run
 */
export function speaksOf(hypothesis: Hypothesis, variant: string | undefined): boolean {
  return variant === undefined || (hypothesis.variant === variant && hypothesis.minus === undefined);
}

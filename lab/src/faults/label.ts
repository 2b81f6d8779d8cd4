import type { Method } from '../experiment/format.ts';

/** The report's name for a fault: the given label, or else what it does and to which greeter. */
export function labelOf(method: Method): string {
  if (method.label !== undefined) return method.label;
  switch (method.layer) {
    case 'plan': {
      const effects = method.faults.map((fault) => withShare(effectOf(fault), fault.rate)).join(', ');
      return method.replica === undefined ? effects : `greeter ${method.replica}: ${effects}`;
    }
    case 'process':
      return `greeter ${method.replica} ${method.action === 'pause' ? 'paused' : 'killed'}`;
    default: {
      const toxics = method.toxics.map((toxic) => withShare(toxicText(toxic), toxic.toxicity)).join(', ');
      return method.proxy === undefined ? `wire: ${toxics}` : `wire ${method.proxy}: ${toxics}`;
    }
  }
}

type Planned = Extract<Method, { layer: 'plan' }>['faults'][number];

/** Members that select requests or give details, but are not an effect. */
const NO_EFFECTS = /^(id|rate|operation|caller|count|forMs|jitterMs|retryAfter|dripIntervalMs)$/;

/** `700 ms later, status 503`. */
function effectOf(fault: Planned): string {
  const words: Readonly<Record<string, string>> = {
    delayMs: typeof fault.delayMs === 'number' ? `${fault.delayMs} ms later` : 'later',
    status: `status ${fault.status}`,
    cpu: `cpu ${fault.cpu}`,
  };
  return Object.keys(fault)
    .filter((name) => !NO_EFFECTS.test(name))
    .map((name) => words[name] ?? name)
    .join(', ');
}

/** `latency 300 jitter 50`. */
function toxicText({ type, attributes }: Extract<Method, { layer: 'wire' }>['toxics'][number]): string {
  const given = Object.entries(attributes).filter(([, value]) => value !== 0);
  return [type, ...given.map(([name, value]) => (name === type ? String(value) : `${name} ${String(value)}`))].join(
    ' ',
  );
}

function withShare(text: string, share: number): string {
  return share === 1 ? text : `${text} (${Number((share * 100).toFixed(2))} %)`;
}

import { isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/** `tcp://10.96.0.12:8080`, `udp://[fd00::1]:53`: where a linked service listens. */
const LINK_ADDRESS = /^(?:tcp|udp|sctp):\/\/(?:\[[\da-f:.]+\]|[\w.-]+):\d{1,5}$/i;

const DIGITS = /^\d{1,5}$/;

/** `/web/edge`: the containers at both ends of a Docker link. */
const CONTAINERS = /^\/[\w.-]+\/[\w./-]+$/;

/**
 * Whether a variable was set by an orchestrator for a service that happens to have the name of one of ours, and not by a
 * person. A Kubernetes Service `edge` puts `EDGE_PORT=tcp://10.96.0.12:8080` and its companions into every pod of its
 * namespace ("Accessing the Service: environment variables"), and `docker run --link` does the same with some more. Name
 * and value must both fit, so that a misspelt setting is still a mistake.
 */
export function isServiceLink(name: string, env: Environment): boolean {
  const value = env[name] ?? '';
  if (name.endsWith('_PORT') && LINK_ADDRESS.test(value)) return true;
  if (name.endsWith('_SERVICE_HOST')) return isIP(value) !== 0;
  if (/_SERVICE_PORT(?:_\w+)?$/.test(name)) return DIGITS.test(value);
  const [, member] = /_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(PROTO|PORT|ADDR|(?:PORT_)?START|(?:PORT_)?END))?$/.exec(name) ?? [
    undefined,
    'none',
  ];
  switch (member) {
    case 'none':
      break;
    case undefined:
    case 'START':
    case 'END':
      return LINK_ADDRESS.test(value);
    case 'PROTO':
      return /^(?:tcp|udp|sctp)$/i.test(value);
    case 'ADDR':
      return isIP(value) !== 0;
    default:
      return DIGITS.test(value);
  }
  if (name.endsWith('_NAME')) return CONTAINERS.test(value);
  // Docker copies the whole environment of the other container, under any name: only the link itself tells.
  const [, alias] = /^(\w+?)_ENV_\w+$/.exec(name) ?? [];
  return alias !== undefined && CONTAINERS.test(env[`${alias}_NAME`] ?? '');
}

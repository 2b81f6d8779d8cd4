import { connect } from 'node:net';

/** A program on this machine answers at once. Milliseconds. */
const ANSWERS_WITHIN_MS = 500;

/** A port of a service. */
export interface ServicePort {
  /** Where the service listens. */
  readonly url: string;
  /** Its setting, such as `GREETER_PORT`. */
  readonly setting: string;
  /** The service's `…_HOST`: the address that it was told to listen on. */
  readonly host: string;
}

/**
 * Notices other programs on the ports of the services. A port belongs to one program per address, so a service on 127.0.0.1 starts
 * although another program has the same port of ::1, which is what `localhost` may mean. On Macs the AirPlay Receiver has 5000.
 * @returns a sentence for each such port
 */
export async function otherListeners(ports: readonly ServicePort[]): Promise<string[]> {
  const sentences = await Promise.all(
    ports.map(async ({ url, setting, host }) => {
      const { port } = new URL(url);
      // A service on an IPv6 address would find itself.
      if (host.includes(':') || !(await answersOnLoopback6(Number(port)))) return [];
      return [
        `Another program answers on [::1]:${port}, on a Mac usually AirPlay Receiver: use 127.0.0.1 and not localhost, or set ${setting} to another port.`,
      ];
    }),
  );
  return sentences.flat();
}

function answersOnLoopback6(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '::1', port, timeout: ANSWERS_WITHIN_MS });
    const end = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}

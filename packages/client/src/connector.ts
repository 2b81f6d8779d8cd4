import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { type Endpoint, STALL_MS } from '@halfopen/resilience';
import { buildConnector, errors } from 'undici';
import { guardAnswerHeads } from './answer-heads.ts';
import { markIfKept, markNeverConnected } from './transport-error.ts';

/** undici's connect timeout uses timers with a resolution of half a second: 250 ms became more than an attempt's 500 (8.12.4). */
const COMMON = { timeout: 0, allowH2: false } as const;

/**
 * Makes connections to an endpoint, within `connectTimeoutMs`. Tries the endpoint's other addresses if the first refuses or is silent.
 * @param current the endpoint as it is now: its other addresses may change
 */
export function endpointConnector(current: () => Endpoint, connectTimeoutMs: number): buildConnector.connector {
  const usual = buildConnector(COMMON);
  const alternating = buildConnector({
    ...COMMON,
    lookup: addressesOf(current),
    autoSelectFamily: true,
    // Half the time for each family. RFC 8305 §5 recommends 250 ms, which may be all there is.
    autoSelectFamilyAttemptTimeout: Math.max(10, Math.floor(connectTimeoutMs / 2)),
  });
  return (options, callback) => {
    const { host, alternatives = [] } = current();
    const name = hostnameOf(host);
    const to = { ...options, ...serverName(options.protocol, name) };
    const connecting =
      alternatives.length === 0
        ? (done: buildConnector.Callback) => usual(to, done)
        : (done: buildConnector.Callback) => alternating({ ...to, hostname: name }, done);
    connectWithin(connecting, connectTimeoutMs, callback);
  };
}

/** What the certificate must be for: the configured name, though the connection goes to one of its addresses. */
function serverName(protocol: string, name: string): { servername?: string } {
  // For plain HTTP undici would take a name to look up.
  if (protocol !== 'https:' || isIP(name) !== 0) return { servername: '' };
  // RFC 6066 §3: no literal addresses, and no final dot.
  return { servername: name.replace(/\.$/, '') };
}

/** @param host host and port, as in a Host header */
function hostnameOf(host: string): string {
  return new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '');
}

/** Resolves to the addresses that discovery has found, without another look-up. */
function addressesOf(current: () => Endpoint): LookupFunction {
  return (_name, _options, done) => {
    const { origin, alternatives = [] } = current();
    const addresses = [hostnameOf(new URL(origin).host), ...alternatives];
    const found: LookupAddress[] = addresses.map((address) => ({ address, family: isIP(address) }));
    done(null, found);
  };
}

function connectWithin(
  connect: (done: buildConnector.Callback) => void,
  connectTimeoutMs: number,
  callback: buildConnector.Callback,
): void {
  let timer: NodeJS.Timeout | undefined;
  let isSettled = false;
  // undici returns the socket, but its types do not say so.
  const connecting = connect((...result) => {
    isSettled = true;
    clearTimeout(timer);
    const [failure, socket] = result;
    // A handshake that breaks off looks like a lost connection, but no request can have been sent.
    if (failure !== null) markNeverConnected(failure);
    // undici says of its own errors what the connection had done before, but not of the system's.
    socket?.prependListener('error', (error) => markIfKept(error, socket.bytesRead));
    if (socket !== null && socket !== undefined) guardAnswerHeads(socket);
    callback(...result);
  }) as unknown as Socket;
  const giveUpAfter = (ms: number) => {
    const dueAt = performance.now() + ms;
    timer = setTimeout(() => {
      // After a stall of this process the connection may exist, unseen: one turn of I/O first, and then a whole period.
      const wasStalled = performance.now() - dueAt >= STALL_MS;
      setImmediate(() => {
        if (isSettled) return;
        if (wasStalled) giveUpAfter(connectTimeoutMs);
        else connecting.destroy(new errors.ConnectTimeoutError(`no connection within ${connectTimeoutMs} ms`));
      });
    }, ms);
  };
  giveUpAfter(connectTimeoutMs);
}

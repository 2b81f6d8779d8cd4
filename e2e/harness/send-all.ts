import { once } from 'node:events';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';

/** Sends all of a large body before it reads anything, as Python's http.client does. */
export async function sendAll(url: string, head: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => {
    socket.destroy();
  });
  socket.pause();
  await once(socket, 'connect');
  const body = Buffer.alloc(20_000_000);
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.write(`${head}content-length: ${body.length}\r\n\r\n`);
    socket.write(body, () => resolve());
  });
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
  });
  socket.resume();
  // A reset ends it without `end`.
  await Promise.race([once(socket, 'end'), once(socket, 'close')]);
  return text;
}

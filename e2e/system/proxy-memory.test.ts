/** Whoever does not read through the proxy costs no memory, and gets every byte in the end. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { addToxic, endsOf, startWire } from '../harness/wire.ts';

describe.each(['upstream', 'downstream'] as const)('%s', (stream) => {
  test.each([
    ['no toxic', undefined],
    ['a slicer', { type: 'slicer', attributes: { average_size: 20_000, size_variation: 0, delay: 0 } }],
    ['latency', { type: 'latency', attributes: { latency: 100, jitter: 0 } }],
  ] as const)(
    '200 MB for a reader that does not read, with %s: memory stays, then every byte arrives',
    async (_, toxic) => {
      const { proxy, pair, server } = await startWire();
      if (toxic !== undefined) await addToxic(proxy, toxic.type, stream, toxic.attributes);
      const { sender, receiver } = endsOf(stream, await pair());
      const total = 200_000_000;
      const block = Buffer.from(Array.from({ length: 100_003 }, (__, index) => index % 256));
      const before = process.memoryUsage.rss();
      let offered = 0;
      const sending = (async () => {
        const hash = createHash('sha256');
        while (offered < total) {
          const part = block.subarray(0, Math.min(block.length, total - offered));
          hash.update(part);
          offered += part.length;
          if (!sender.write(part)) await once(sender, 'drain');
        }
        sender.end();
        return hash.digest('hex');
      })();
      await wait(1_500);
      const stalledAt = offered;
      const held = server.proxies.get('wire').heldBytes;
      const grownBy = process.memoryUsage.rss() - before;
      // Buffers of the kernel, four of up to 6 MB, and what latency may have under way.
      expect(stalledAt).toBeLessThan(48_000_000);
      expect(held).toBeLessThan(toxic?.type === 'latency' ? 17_000_000 : 200_000);
      expect(grownBy).toBeLessThan(100_000_000);

      const hash = createHash('sha256');
      let received = 0;
      receiver.on('data', (chunk: Buffer) => {
        hash.update(chunk);
        received += chunk.length;
      });
      await once(receiver, 'end');
      expect(received).toBe(total);
      expect(hash.digest('hex')).toBe(await sending);
      expect(process.memoryUsage.rss() - before).toBeLessThan(200_000_000);
    },
  );
});

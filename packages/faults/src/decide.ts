import { hash } from 'node:crypto';

/**
 * A number in [0, 1) that belongs to this fault and this attempt of this request: whether the fault fires is decided by
 * it alone. So the same seed hits the same requests, whatever the order, the concurrency or the policy above, and two
 * policies can be compared on the same victims. Two faults of one plan are independent.
 */
export function chanceOf(seed: number, faultId: string, requestId: string, attempt: string): number {
  const digest = hash('sha256', `${seed}\n${faultId}\n${requestId}\n${attempt}`, 'buffer');
  return digest.readUInt32BE(0) / 2 ** 32;
}

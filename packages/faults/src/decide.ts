import { hash } from 'node:crypto';

/**
 * A number in [0, 1) for one fault and one attempt of a request. It alone decides whether the fault fires. So a seed hits
 * the same requests whatever their order, the concurrency or the policy of the caller, and two policies can be compared
 * on the same failures. Two faults of one plan are independent of each other.
 */
export function chanceOf(seed: number, faultId: string, requestId: string, attempt: string): number {
  const digest = hash('sha256', `${seed}\n${faultId}\n${requestId}\n${attempt}`, 'buffer');
  return digest.readUInt32BE(0) / 2 ** 32;
}

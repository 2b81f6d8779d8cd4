/** The request id of an arrival: the same in every variant, so that a fault plan hits the same requests. */
export function requestIdOf(seed: number, index: number): string {
  return `lab-${seed}-${index}`;
}

/** The arrival that a request id belongs to; `undefined` if it is not from this run. */
export function indexOfRequestId(seed: number, requestId: string): number | undefined {
  const prefix = `lab-${seed}-`;
  const index = requestId.startsWith(prefix) ? Number(requestId.slice(prefix.length)) : Number.NaN;
  return Number.isInteger(index) ? index : undefined;
}

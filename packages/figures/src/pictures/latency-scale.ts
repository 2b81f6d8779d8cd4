/** Ticks at the decades, and at three times each decade when there would be too few. */
export function latencyTicks([low, high]: readonly [number, number]): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) ticks.push(10 ** power, 3 * 10 ** power);
  const within = ticks.filter((tick) => tick >= low && tick <= high);
  const decades = within.filter((tick) => Number.isInteger(Math.log10(tick)));
  return decades.length > 3 ? decades : within;
}

export function latencyText(ms: number): string {
  return ms >= 1000 ? `${ms / 1000} s` : `${Number(ms.toPrecision(3))} ms`;
}

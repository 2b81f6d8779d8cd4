/** `4 to 12 s`, rounded to milliseconds so that floating-point noise does not show. */
export function spanText({ fromS, toS }: { readonly fromS: number; readonly toS: number }): string {
  return `${Number(fromS.toFixed(3))} to ${Number(toS.toFixed(3))} s`;
}

/**
 * What is wrong with the addresses on a command line. Both are recorded in every result and everything made from it.
 * Messages do not repeat an address that may hold a password.
 */
export function addressMistakes({ on, wire }: { readonly on: string; readonly wire?: string | undefined }): string[] {
  if (!isUrl(on) && on !== 'embedded' && on !== 'compose') {
    return [`--on ${shown(on)} is not possible: embedded, compose, or a URL such as http://127.0.0.1:8080`];
  }
  return [
    ...(isUrl(on) ? urlMistakes('--on', on, 'path and query of each request belong to load.mix') : []),
    ...(wire === undefined ? [] : urlMistakes('--wire', wire, 'the API has neither')),
  ];
}

/** Whether `--on` is the URL of a service, and not a way to run ours. */
export function isUrl(on: string): boolean {
  return on.includes('://');
}

function urlMistakes(option: string, text: string, whyNoQuery: string): string[] {
  const url = URL.parse(text);
  if (url === null) return [`${option} ${shown(text)} is not a URL, such as http://127.0.0.1:8080`];
  const mistakes: string[] = [];
  if (!/^https?:$/.test(url.protocol)) mistakes.push(`${option}: must begin with http:// or https://`);
  if (url.username !== '' || url.password !== '') {
    mistakes.push(
      `${option}: has a user name or a password, and would stand in every result with it${
        option === '--on' ? "; put it in a header of load.mix: authorization: 'Basic {env:NAME}'" : ''
      }`,
    );
  }
  if (/[?#]/.test(text)) mistakes.push(`${option}: has a query or a fragment: ${whyNoQuery}`);
  return mistakes;
}

function shown(text: string): string {
  return /[@?]/.test(text) ? '(not shown)' : text;
}

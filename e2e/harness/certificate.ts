import { generate } from 'selfsigned';

/** A certificate for `greeter.test` and 127.0.0.1, signed by itself, and its key: both PEM, made anew, so that no key is in the repository. */
export async function makeCertificate(): Promise<{ readonly key: string; readonly certificate: string }> {
  const { private: key, cert: certificate } = await generate([{ name: 'commonName', value: 'greeter.test' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'greeter.test' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { key, certificate };
}

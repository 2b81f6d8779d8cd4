/** One process of the downstream: where an attempt can go. */
export interface Endpoint {
  /** Scheme, address and port: `http://10.0.0.7:5000`. Identifies the endpoint. */
  readonly origin: string;
  /** Host and port as configured, for the Host header: `greeter:5000`. */
  readonly host: string;
  /** Other addresses of the same host, of the other family. A connection tries them if the first address fails. Default none. */
  readonly alternatives?: readonly string[];
}

/**
 * A certificate for `greeter.test` and 127.0.0.1, signed by itself, and its key. For tests alone: both are public. Made by
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=greeter.test -addext
 * subjectAltName=DNS:greeter.test,IP:127.0.0.1`.
 */
export const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgn56vTi86I5NN00qY
sCseuWBCV9KVjyRZHqssAqeA6QehRANCAARBFUuTzin2KS5yjINiBDCuD4DQccYN
4hLwhIzOgL3nRiQrokLz36xnfl5dp+7dY8pFXyOVA7nkCAdEWTZMoEb8
-----END PRIVATE KEY-----
`;

export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBpDCCAUqgAwIBAgIUF0JJXPLtkYhUaUYEZOUzl8q7bjUwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMZ3JlZXRlci50ZXN0MCAXDTI2MTEyODE5MDQwM1oYDzIxMjYx
MTA0MTkwNDAzWjAXMRUwEwYDVQQDDAxncmVldGVyLnRlc3QwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAARBFUuTzin2KS5yjINiBDCuD4DQccYN4hLwhIzOgL3nRiQr
okLz36xnfl5dp+7dY8pFXyOVA7nkCAdEWTZMoEb8o3IwcDAdBgNVHQ4EFgQUnnl5
6Pix0/rKYHUxYtia6Of9qvgwHwYDVR0jBBgwFoAUnnl56Pix0/rKYHUxYtia6Of9
qvgwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHREEFjAUggxncmVldGVyLnRlc3SHBH8A
AAEwCgYIKoZIzj0EAwIDSAAwRQIhANQ+wGi2iOcUoOGgf5ktdPsA+mcB7BXzuty3
+AB3FC3ZAiAKFwVohpctcTvUthxBU9KXp4GpaSHW4ImNoOn5ID6vOw==
-----END CERTIFICATE-----
`;

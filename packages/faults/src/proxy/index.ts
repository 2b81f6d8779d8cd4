export { ApiError } from './api-error.ts';
export { type ProxyServer, type ProxyServerOptions, startProxyServer } from './server.ts';
export { TOXIC_TYPES, type ToxicTypeName } from './toxics.ts';

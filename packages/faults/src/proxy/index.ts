export { formatAddress, parseAddress } from './address.ts';
export { createProxyApi } from './api.ts';
export { ApiError } from './api-error.ts';
export { ProxyCollection } from './collection.ts';
export { TOXIC_TYPES, type ToxicTypeName } from './toxics.ts';

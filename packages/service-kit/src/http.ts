/** The HTTP server of the chassis without the rest of it, for programs that are not services. */

export { createHttpServer, type HttpServer } from './http-server.ts';
export { readHead } from './request-head.ts';
export { foreignPage } from './web-pages.ts';

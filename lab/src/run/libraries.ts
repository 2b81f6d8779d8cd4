/** Libraries whose version can move a figure of an experiment, and the package that brings each. */
export const LIBRARIES = {
  undici: 'lab',
  'pure-rand': 'lab',
  axios: 'packages/client',
  opossum: 'packages/resilience',
  express: 'packages/service-kit',
};

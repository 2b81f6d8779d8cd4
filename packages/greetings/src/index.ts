export { edgeContract } from './edge.ts';
export { greeterContract, hello } from './greeter.ts';
export { NAME_MAX_BYTES, NAME_MAX_CHARACTERS, nameSchema } from './name.ts';

export { escape } from './escape.ts';
export { markdownText, tableRow } from './markdown.ts';
export { withMarkedPart } from './marked-part.ts';
export { whereAndWhen } from './where-and-when.ts';

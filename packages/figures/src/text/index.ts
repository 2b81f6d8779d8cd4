export { escape } from './escape.ts';
export { markdownText, tableRow } from './markdown.ts';
export { whereAndWhen } from './where-and-when.ts';

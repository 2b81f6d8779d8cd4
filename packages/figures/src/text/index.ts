export { escape } from './escape.ts';
export { markdownText, tableRow } from './markdown.ts';

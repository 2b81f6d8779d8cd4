import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STANDALONE_STYLE } from '@halfopen/figures/pictures';
import { workspaceRoot } from '@halfopen/figures/provenance';
import { mapPicture } from './map-picture.ts';
import type { Survey } from './survey.ts';

const folder = join(workspaceRoot(), 'docs');
/** What was computed, and the picture of it. */
const [DATA, PICTURE] = [join(folder, 'metastability.json'), join(folder, 'metastability.svg')];

export function readMap(): { readonly surveys: readonly Survey[]; readonly picture: string } {
  return { surveys: JSON.parse(readFileSync(DATA, 'utf8')) as Survey[], picture: readFileSync(PICTURE, 'utf8') };
}

/** @returns the paths of what was written */
export function writeMap(surveys: readonly Survey[]): readonly string[] {
  writeFileSync(DATA, `[\n${surveys.map((one) => `  ${JSON.stringify(one)}`).join(',\n')}\n]\n`);
  writeFileSync(PICTURE, pictureOfMap(surveys));
  return [DATA, PICTURE];
}

export function pictureOfMap(surveys: readonly Survey[]): string {
  return `${mapPicture(surveys, { id: 'map', style: STANDALONE_STYLE })}\n`;
}

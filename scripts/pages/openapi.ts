import { type Contract, openApiDocument } from '@halfopen/contracts';
import * as greetings from '@halfopen/greetings';
import { createConfig, formatProblems, getTotals, lintFromString } from '@redocly/openapi-core';
import type { Keep } from '../page.ts';

/** Lints the OpenAPI document of every contract with Redocly's strict rules. It is derived, so nothing is written. */
export const lintOpenApi: Keep = async () => {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const contracts = Object.values(greetings).flatMap((value: unknown) => (isContract(value) ? [value] : []));
  const mistakes: string[] = [];
  for (const contract of contracts) {
    const problems = await lintFromString({
      source: JSON.stringify(openApiDocument(contract), undefined, 2),
      absoluteRef: `${contract.name}.openapi.json`,
      config,
    });
    const totals = getTotals(problems);
    formatProblems(problems, { totals, version: 'recommended-strict', format: 'codeframe' });
    if (totals.errors + totals.warnings > 0) {
      mistakes.push(`${contract.name}: ${totals.errors} errors, ${totals.warnings} warnings`);
    }
  }
  return contracts.length === 0 ? ['no contract was found'] : mistakes;
};

function isContract(value: unknown): value is Contract {
  return typeof value === 'object' && value !== null && 'operations' in value;
}

/** Lints the OpenAPI documents that are derived from the contracts, with Redocly's recommended rules, strictly. */
import { createConfig, formatProblems, getTotals, lintFromString } from '@redocly/openapi-core';
import { openApiDocument } from '../packages/contracts/src/index.ts';
import { edgeContract, greeterContract } from '../packages/greetings/src/index.ts';

const config = await createConfig({ extends: ['recommended-strict'] });
for (const contract of [edgeContract, greeterContract]) {
  const problems = await lintFromString({
    source: JSON.stringify(openApiDocument(contract), undefined, 2),
    absoluteRef: `${contract.name}.openapi.json`,
    config,
  });
  const totals = getTotals(problems);
  formatProblems(problems, { totals, version: 'recommended-strict', format: 'codeframe' });
  if (totals.errors + totals.warnings > 0) process.exitCode = 1;
  process.stdout.write(`OpenAPI of the ${contract.name}: ${totals.errors} errors, ${totals.warnings} warnings\n`);
}

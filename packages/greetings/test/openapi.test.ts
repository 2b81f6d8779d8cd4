import { openApiDocument, PROBLEMS } from '@halfopen/contracts';
import { expect, test } from 'vitest';
import { edgeContract, greeterContract } from '../src/index.ts';

test.each([edgeContract, greeterContract])(
  'OpenAPI of the $name: every operation with every status it can answer',
  (contract) => {
    const document = openApiDocument(contract);
    for (const { path, name, problems } of Object.values(contract.operations)) {
      const operation = document.paths?.[path]?.get;
      expect(operation?.operationId).toBe(name);
      const statuses = new Set(['200', ...problems.map((code) => String(PROBLEMS[code].status))]);
      expect(new Set(Object.keys(operation?.responses ?? {}))).toEqual(statuses);
    }
  },
);
